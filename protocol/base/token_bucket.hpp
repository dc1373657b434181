// Token bucket: `rate` events a second on average, `burst` at once.
#pragma once

#include <algorithm>

#include "protocol/base/time.hpp"

namespace drawbridge {

class TokenBucket {
 public:
  TokenBucket(double rate_per_second, double burst) : rate_(rate_per_second), burst_(burst), tokens_(burst) {}

  bool take(Instant now) {
    if (now > last_) {
      tokens_ = std::min(burst_, tokens_ + rate_ * std::chrono::duration<double>(now - last_).count());
      last_ = now;
    }
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  double rate_, burst_, tokens_;
  Instant last_{};
};

}  // namespace drawbridge
