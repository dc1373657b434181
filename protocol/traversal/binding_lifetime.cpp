#include "protocol/traversal/binding_lifetime.hpp"

#include <algorithm>
#include <utility>

namespace drawbridge::traversal {
namespace {

Duration scaled(Duration duration, double factor) {
  return Duration(static_cast<int64_t>(static_cast<double>(duration.count()) * factor));
}

}  // namespace

Duration BindingLifetime::margin() const {
  return std::min<Duration>(scaled(*lost_after_, limits::binding_margin), limits::keepalive);
}

void BindingLifetime::stay(Instant now, Duration keepalive) {
  keepalive_ = std::clamp<Duration>(keepalive, limits::keepalive_shortest, limits::keepalive);
  raise_at_ = now + (keepalive_ < margin() ? limits::binding_raise_pause : doubt_pause_);
}

// Half of what was too long; or what is known to be short enough, if that is more.
void BindingLifetime::note_lost(Instant now, Duration idle) {
  if (idle < limits::keepalive_shortest || idle > 2 * limits::keepalive) return;
  if (std::exchange(trying_, false)) doubt_pause_ = std::min<Duration>(doubt_pause_ * 2, limits::binding_doubted_longest);
  lost_after_ = std::min(idle, lost_after_.value_or(idle));
  if (kept_ >= *lost_after_) kept_ = {};
  stay(now, std::max(*lost_after_ / 2, std::min(kept_, margin())));
}

// Upwards in steps of a quarter, each after a while in which nothing was lost: soon to the margin below what was too
// long. Then, after a longer while, that itself once more: perhaps it was no router but a lost packet.
void BindingLifetime::note_kept(Instant now, Duration idle) {
  if (!lost_after_) return;
  if (idle < *lost_after_) kept_ = std::max(kept_, idle);
  bool in_full = idle >= scaled(keepalive_, limits::binding_margin);
  if (!in_full || now < raise_at_) return;
  if (keepalive_ < margin()) return stay(now, std::min(scaled(keepalive_, 1.25), margin()));
  if (!std::exchange(trying_, true)) {
    keepalive_ = std::min<Duration>(*lost_after_, limits::keepalive);
    raise_at_ = now + limits::binding_raise_pause;
    return;
  }
  trying_ = false;
  *lost_after_ = scaled(*lost_after_, 1.25);
  if (*lost_after_ > limits::keepalive) return forget();
  stay(now, std::max(keepalive_, margin()));
}

}  // namespace drawbridge::traversal
