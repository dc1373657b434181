#include "daemon/io/clock.hpp"

#include <ctime>

namespace drawbridge {
namespace {

Duration read_clock(clockid_t id) {
  timespec value{};
  clock_gettime(id, &value);
  return std::chrono::seconds(value.tv_sec) + std::chrono::nanoseconds(value.tv_nsec);
}

}  // namespace

Now read_clocks() {
  return {Instant(read_clock(CLOCK_BOOTTIME)), WallTime{to_ms(read_clock(CLOCK_REALTIME))}};
}

}  // namespace drawbridge
