// Turns a loop until a condition holds; false if it does not within 10 s.
#pragma once

#include "daemon/io/clock.hpp"
#include "daemon/io/watch.hpp"

namespace drawbridge {

template <typename Condition>
bool run_until(Loop& loop, Condition condition) {
  Instant deadline = read_clocks().boot + 10s;
  // Wakes the loop so that the deadline is seen even when nothing happens.
  LocalTimer wake(loop, [] {});
  while (!condition()) {
    if (read_clocks().boot > deadline) return false;
    wake.start(20ms);
    loop.run_once();
  }
  return true;
}

}  // namespace drawbridge
