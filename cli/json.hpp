// A Value as JSON text, keys in their order.
#pragma once

#include <string>

#include "protocol/admin/value.hpp"

namespace drawbridge::cli {

// Byte strings become base64 (RFC 4648, padded). `indent` < 0: one line; else each level is so much further in.
std::string to_json(const admin::Value& value, int indent = -1);

}  // namespace drawbridge::cli
