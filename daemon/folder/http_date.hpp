// Dates in HTTP headers (RFC 9110 section 5.6.7), to the second.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drawbridge::folder {

// "Sun, 06 Nov 1994 08:49:37 GMT". Seconds since 1970, UTC.
std::string to_http_date(int64_t seconds);
// The preferred form only; the two obsolete ones count as no date, which makes a condition void.
std::optional<int64_t> parse_http_date(std::string_view text);

}  // namespace drawbridge::folder
