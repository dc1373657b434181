// Accepts each counter once: those above the highest so far, and missing ones just below it (RFC 4303 3.4.3).
#pragma once

#include <cstdint>

namespace drawbridge::traversal {

class ReplayWindow {
 public:
  bool accept(uint64_t counter) {
    constexpr uint64_t width = 64;
    if (counter == 0) return false;
    if (counter > highest_) {
      uint64_t ahead = counter - highest_;
      seen_ = ahead >= width ? 0 : seen_ << ahead;
      seen_ |= 1;
      highest_ = counter;
      return true;
    }
    uint64_t behind = highest_ - counter;
    if (behind >= width || (seen_ >> behind & 1)) return false;
    seen_ |= uint64_t{1} << behind;
    return true;
  }

 private:
  uint64_t highest_ = 0, seen_ = 0;
};

}  // namespace drawbridge::traversal
