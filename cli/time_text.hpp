// Durations and times as people and scripts write them, and back.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "keys/result.hpp"

namespace drawbridge::cli {

// "90s", "10m", "2h", "7d": a positive whole number and a unit. At most ten years.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

// A date ("2025-03-01") or time ("2025-03-01T09:30", seconds and fraction optional, "Z" or an offset or neither) as
// RFC 3339 UTC with milliseconds. Without an offset it is local time. A bare date means its beginning, or its end if
// `end_of_day`: "--until 2025-03-01" includes that day.
enum class DateMeans { start_of_day, end_of_day };
Result<std::string> parse_time(std::string_view text, DateMeans bare_date);

// RFC 3339 as admin.md writes it, as milliseconds since 1970; `malformed` otherwise.
Result<int64_t> parse_rfc3339(std::string_view text);
std::string to_rfc3339(int64_t unix_ms);

// For people: "3 minutes ago", "in 2 hours", beyond a week the local date and time. The text itself if it is no time.
std::string relative_time(std::string_view rfc3339, int64_t now_unix_ms);
std::string local_time(std::string_view rfc3339);
std::string time_of_day(std::string_view rfc3339);  // local, "09:30:07"

int64_t now_unix_ms();

}  // namespace drawbridge::cli
