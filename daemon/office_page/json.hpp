// Values as JSON text and back: what the office's page and the daemon say to each other.
#pragma once

#include <string>

#include "protocol/admin/value.hpp"

namespace drawbridge::office_page {

constexpr size_t longest_request_json = 64 * 1024;  // the longest, a link to be shown as a picture, has 3 KiB
constexpr size_t deepest_request_json = 8;

// One line, keys in their order; byte strings become base64 (RFC 4648, padded).
std::string to_json(const admin::Value& value);

// `malformed`: not JSON (RFC 8259, UTF-8), nested too deep, a key twice, or longer than a request may be.
Result<admin::Value> from_json(std::string_view text);

}  // namespace drawbridge::office_page
