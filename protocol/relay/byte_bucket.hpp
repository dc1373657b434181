// ByteBucket: so many bytes a second on average, so many at once. Rate 0: no bound.
#pragma once

#include <algorithm>

#include "protocol/base/time.hpp"

namespace drawbridge::relay {

class ByteBucket {
 public:
  ByteBucket() = default;
  ByteBucket(double rate_per_second, double burst) : rate_(rate_per_second), burst_(burst), left_(burst) {}

  bool take(Instant now, size_t bytes) {
    if (rate_ <= 0) return true;
    if (now > last_) {
      left_ = std::min(burst_, left_ + rate_ * std::chrono::duration<double>(now - last_).count());
      last_ = now;
    }
    // A run that is larger than what is left passes as long as anything is left: the debt is paid later.
    if (left_ <= 0) return false;
    left_ -= static_cast<double>(bytes);
    return true;
  }
  bool full(Instant now) const {
    return rate_ <= 0 || left_ + rate_ * std::chrono::duration<double>(now - last_).count() >= burst_;
  }

 private:
  double rate_ = 0, burst_ = 0, left_ = 0;
  Instant last_{};
};

}  // namespace drawbridge::relay
