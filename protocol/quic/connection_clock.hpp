// The clock that ngtcp2 sees. It follows the node's boot clock, may run ahead of it, stands still while every path is
// dead, and never goes back: so an hour without a network costs the connection nothing (docs/spec/transport.md).
#pragma once

#include <algorithm>

#include "protocol/base/time.hpp"

namespace drawbridge::quic {

class ConnectionClock {
 public:
  explicit ConnectionClock(Instant now) : frozen_at_(now) {}

  Instant at(Instant node_now) const { return frozen_ ? frozen_at_ : std::max(node_now + offset_, floor_); }
  // The node's instant at which this clock will show `connection_time`. Only meaningful while not frozen.
  Instant node_time(Instant connection_time) const {
    return connection_time == far_future ? far_future : connection_time - offset_;
  }
  bool frozen() const { return frozen_; }
  void freeze(Instant node_now) {
    frozen_at_ = floor_ = at(node_now);
    frozen_ = true;
  }
  void thaw(Instant node_now) {
    if (!frozen_) return;
    frozen_ = false;
    offset_ = frozen_at_ - node_now;
  }
  void advance(Duration by) { offset_ += by; }

 private:
  Duration offset_{};
  Instant frozen_at_;
  Instant floor_{};
  bool frozen_ = false;
};

}  // namespace drawbridge::quic
