// Tells systemd's watchdog (WatchdogSec=) that the loop still turns: a loop that hangs is restarted.
#pragma once

#include <optional>

#include "daemon/io/watch.hpp"

namespace drawbridge {

// How often the watchdog wants to hear from this process: half of $WATCHDOG_USEC. Nothing if there is none, it is
// another process's ($WATCHDOG_PID), or it makes no sense.
std::optional<Duration> watchdog_interval();

class Watchdog {
 public:
  // Does nothing without a watchdog.
  explicit Watchdog(Loop& loop);

 private:
  void tell();

  std::optional<Duration> interval_;
  LocalTimer timer_;
};

}  // namespace drawbridge
