// A Value as JSON text, keys in their order.
#pragma once

#include <string>

#include "protocol/admin/value.hpp"

namespace drawbridge::cli {

// One line. Byte strings become base64 (RFC 4648, padded).
std::string to_json(const admin::Value& value);

}  // namespace drawbridge::cli
