// How long the routers on the way keep a binding that nothing uses (RFC 4787 4.3), learned from what keepalives bring
// back; and so how long an idle device may wait before the next. Pure: evidence in, an interval out.
// docs/spec/traversal.md, *Staying reachable while idle*.
#pragma once

#include <optional>

#include "protocol/base/limits.hpp"
#include "protocol/base/time.hpp"

namespace drawbridge::traversal {

class BindingLifetime {
 public:
  // Between limits::keepalive_shortest and limits::keepalive; 0.8 of the shortest idle time that is known to be too
  // long, or less while it is not known how long is not.
  Duration keepalive() const { return keepalive_; }
  // The shortest idle time after which a binding was gone; nothing: none was.
  std::optional<Duration> lost_after() const { return lost_after_; }

  // After `idle` without a packet either way the path still carried the first one.
  void note_kept(Instant now, Duration idle);
  // It did not, or by another binding. What is shorter than any keepalive, or longer than an idle device ever waits
  // (this computer slept), tells nothing.
  void note_lost(Instant now, Duration idle);
  // Another network: nothing is known of its routers.
  void forget() { *this = {}; }

 private:
  Duration margin() const;                             // what is short enough as far as is known
  void stay(Instant now, Duration keepalive);

  Duration keepalive_ = limits::keepalive;
  std::optional<Duration> lost_after_;
  Duration kept_{};                                    // the longest, below lost_after_
  bool trying_ = false;                                // what was too long, once more
  Instant raise_at_{};
  Duration doubt_pause_ = limits::binding_doubted_first;  // before the bound itself is tried again
};

}  // namespace drawbridge::traversal
