// Dates and times on the control socket: RFC 3339, UTC, milliseconds ("2025-03-01T09:30:00.000Z").
#pragma once

#include <string>

#include "keys/result.hpp"
#include "protocol/base/time.hpp"

namespace drawbridge::admin {

std::string to_rfc3339(WallTime time);
// Also other offsets than Z, and fractions of any length (cut to milliseconds).
Result<WallTime> parse_rfc3339(const std::string& text);

}  // namespace drawbridge::admin
