// Time as values. Deliberately without now(): the driver reads the clocks once per turn and hands them in.
#pragma once

#include <chrono>
#include <cstdint>

namespace drawbridge {

using Duration = std::chrono::nanoseconds;
using namespace std::chrono_literals;

// CLOCK_BOOTTIME: never goes back, counts sleep. All protocol timers use it.
struct BootClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;
};
using Instant = BootClock::time_point;

// Milliseconds since the Unix epoch, as the owner's clock says: for dates shown, grants' end dates, audit records.
// May jump either way; nothing in the protocol waits on it.
struct WallTime {
  int64_t unix_ms = 0;
  auto operator<=>(const WallTime&) const = default;
};

// Both clocks, read at one moment.
struct Now {
  Instant boot;
  WallTime wall;
};

constexpr Instant far_future = Instant::max();

constexpr int64_t to_ms(Duration d) { return std::chrono::duration_cast<std::chrono::milliseconds>(d).count(); }

}  // namespace drawbridge
