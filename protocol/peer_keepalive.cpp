// An idle device's keepalives, and what their answers tell about the routers on the way.
#include "protocol/peer.hpp"

namespace drawbridge {

using traversal::Candidate;

// How long this end is content with silence.
Duration Peer::patience() const { return is_office() ? limits::office_patience : core_.binding.keepalive(); }

// A device's packets keep the path in use open; to an office any sign of life will do.
Instant Peer::quiet_since() const { return is_office() ? last_heard_ : path_heard_; }

void Peer::note_heard(Now now, const Path& path) {
  last_heard_ = now.boot;
  if (session_ && session_->path && session_->path->remote == path.remote) path_heard_ = now.boot;
}

void Peer::keep_alive(Now now) {
  const Candidate* active = candidates_.active();
  if (active && !active->relayed()) {
    idle_before_ = now.boot - path_heard_;
    doubtful_idle_.reset();
  }
  check_active(now);
  core_.relays.keep_alive_along(now.boot);
}

// The path in use has answered. Another address of ours, seen by the same far end: the binding was gone, and the question
// has made a new one. An answer to a repetition proves nothing either way.
void Peer::learn_binding(Now now, Candidate& candidate, const SocketAddress& observed) {
  if (is_office() || candidate.relayed()) return;
  auto idle = std::exchange(idle_before_, std::nullopt);
  auto doubtful = std::exchange(doubtful_idle_, std::nullopt);
  SocketAddress before = std::exchange(candidate.observed, observed);
  if (!idle && !doubtful) return;
  if (before.port != 0 && before != observed) return note_binding_lost(now, idle ? *idle : *doubtful);
  if (idle) core_.binding.note_kept(now.boot, *idle);
  core_.relays.keep_alive_within(core_.binding.keepalive());
}

// A keepalive, or the first packet after a silence, has not been answered: perhaps the path will, once the ways have
// been opened anew.
void Peer::doubt_binding(Now now) {
  const Candidate* active = candidates_.active();
  Instant waiting = waiting_since();
  bool idle = active && !active->relayed() && waiting != far_future && waiting - path_heard_ >= limits::keepalive_shortest;
  if (!idle_before_ && !idle) return;
  doubtful_idle_ = idle_before_ ? *idle_before_ : waiting - path_heard_;
  idle_before_.reset();
  doubted_at_ = now.boot;
}

void Peer::follow_path_change(Now now, bool was_relayed, bool is_relayed) {
  path_heard_ = now.boot;
  if (!is_office() && !was_relayed && is_relayed) suspect_loss(now);
  if (is_office() || is_relayed || !was_relayed || !doubtful_idle_) return;
  Duration idle = *std::exchange(doubtful_idle_, std::nullopt);
  if (now.boot - doubted_at_ <= limits::binding_evidence_life) note_binding_lost(now, idle);
}

void Peer::note_binding_lost(Now now, Duration idle) {
  core_.binding.note_lost(now.boot, idle);
  core_.relays.keep_alive_within(core_.binding.keepalive());
}

// Of another network nothing is known.
void Peer::forget_binding() {
  idle_before_.reset();
  doubtful_idle_.reset();
  for (Candidate& candidate : candidates_.list()) candidate.observed = {};
}

}  // namespace drawbridge
