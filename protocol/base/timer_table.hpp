// One optional deadline per enumerator; the earliest is the owner's next wake-up. No callbacks, no heap.
#pragma once

#include <algorithm>
#include <array>

#include "protocol/base/time.hpp"

namespace drawbridge {

// `Timer` is an enum class whose last enumerator is `count`.
template <typename Timer>
class TimerTable {
 public:
  TimerTable() { deadlines_.fill(far_future); }
  void set(Timer timer, Instant deadline) { deadlines_[index(timer)] = deadline; }
  // Keeps the sooner of the present deadline and this one.
  void set_earlier(Timer timer, Instant deadline) { set(timer, std::min(deadlines_[index(timer)], deadline)); }
  void stop(Timer timer) { set(timer, far_future); }
  bool armed(Timer timer) const { return deadlines_[index(timer)] != far_future; }
  Instant deadline(Timer timer) const { return deadlines_[index(timer)]; }
  Instant earliest() const { return *std::min_element(deadlines_.begin(), deadlines_.end()); }
  // True, once, when the deadline has passed; the timer is then stopped.
  bool expired(Timer timer, Instant now) {
    if (deadlines_[index(timer)] > now) return false;
    stop(timer);
    return true;
  }

 private:
  static size_t index(Timer timer) { return static_cast<size_t>(timer); }
  std::array<Instant, static_cast<size_t>(Timer::count)> deadlines_;
};

}  // namespace drawbridge
