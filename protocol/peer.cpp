// Time, sending and status of one relation.
#include "protocol/peer.hpp"

#include <algorithm>

namespace drawbridge {

Instant Peer::next_timeout() const {
  Instant next = timers_.earliest();
  for (const auto* carried : {&session_, &attempt_}) {
    if (*carried) next = std::min(next, (*carried)->session->next_timeout());
  }
  for (const auto& carried : incoming_) next = std::min(next, carried->session->next_timeout());
  for (const Ping& ping : pings_) next = std::min({next, ping.deadline, ping.again});
  if (!session_ || ending()) return next;
  if (suspended_at_ != far_future) return std::min(next, suspended_at_ + longest_suspension());
  if (check_waiting_ == far_future) next = std::min(next, quiet_since() + patience());
  if (waiting_since() != far_future && !timers_.armed(Timer::check)) next = std::min(next, waiting_since() + limits::path_suspect_after);
  return next;
}

// A connection that holds much is worth keeping through an outage, not through a night.
Duration Peer::longest_suspension() const {
  bool much = session_->session->connection().held_bytes() > limits::suspended_bytes;
  return much ? limits::suspended_patience : limits::suspended_longest;
}

void Peer::handle_timeout(Now now) {
  for (auto* slot : {&session_, &attempt_}) {
    if (!*slot || (*slot)->session->next_timeout() > now.boot) continue;
    (*slot)->session->handle_timeout(now.boot);
    settle(now, **slot);
  }
  for (size_t i = 0; i < incoming_.size(); ++i) {
    Carried* carried = incoming_[i].get();
    if (carried->session->next_timeout() > now.boot) continue;
    carried->session->handle_timeout(now.boot);
    settle(now, *carried);
    if (i < incoming_.size() && incoming_[i].get() != carried) --i;
  }
  ping_due(now);
  if (timers_.expired(Timer::announce, now.boot) && core_.running) announce_restart(now);
  if (timers_.expired(Timer::save_seen, now.boot)) save();
  if (timers_.expired(Timer::first_words, now.boot)) repeat_first_words();
  if (timers_.expired(Timer::probe, now.boot)) probe(now);
  if (timers_.expired(Timer::confirm, now.boot) && session_ && !confirmed_) {
    session_->session->close(quic::CloseCode::timed_out, "not confirmed", true);
    settle(now, *session_);
  }
  if (timers_.expired(Timer::flows, now.boot)) fail_waiting(now, FlowReset::target_unreachable, cause_);
  if (timers_.expired(Timer::replaced, now.boot)) connect(now);
  if (timers_.expired(Timer::revoke_cut, now.boot)) {
    if (leaving_) over_ = true;
    else finish_revocation(now);
  }
  if (ending()) return stop_looking();
  if (timers_.expired(Timer::punch, now.boot)) punch_due(now);
  if (timers_.expired(Timer::loss, now.boot)) watch_loss(now);

  if (session_ && suspended_at_ == far_future) {
    if (now.boot - quiet_since() >= patience() && check_waiting_ == far_future) keep_alive(now);
    Instant waiting = waiting_since();
    if (waiting != far_future && now.boot - waiting >= limits::freeze_after) {
      suspend(now);
    } else if (waiting != far_future && now.boot - waiting >= limits::path_suspect_after && !timers_.armed(Timer::check)) {
      check_all(now);
    }
    if (timers_.expired(Timer::check, now.boot)) check_due(now);
    // Large packets that vanish look like a dead path: go back to the size that every path carries.
    if (session_ && session_->packet_size > limits::smallest_packet && session_->session->connection().pto_count() >= 2) {
      session_->packet_size = limits::smallest_packet;
      if (auto* active = candidates_.active()) active->confirmed_size = 0;
    }
  } else if (session_ && now.boot - suspended_at_ >= longest_suspension()) {
    session_->session->close(quic::CloseCode::timed_out, "suspended too long", true);
    settle(now, *session_);
  }
  if (!timers_.expired(Timer::retry, now.boot)) return;
  if (session_) {
    check_all(now);
    // An attempt beside a living connection has set this timer: what falls silent is suspended, and sets it again.
    if (suspended_at_ == far_future) return;
    // Perhaps the office has restarted and lost our address: a handshake says who we are, wherever it comes from. If
    // the office still has this connection, it says so and nothing is lost.
    if (!is_office() && now.boot - suspended_at_ >= 1s && !attempt_) look_on_lan(now), begin_attempt(now);
    schedule_retry(now);
  } else if (!is_office() && !timers_.armed(Timer::replaced)) {
    core_.drop(attempt_);
    look_on_lan(now);
    if (now.boot - down_since_ < limits::attempt_life) begin_attempt(now);
    else begin_attempt(now), timers_.set(Timer::retry, now.boot + std::max<Duration>(limits::attempt_life, retry_interval(now)));
  }
}

Transmit Peer::poll_transmit(Now now, MutableBytes buffer) {
  while (!closing_.empty()) {
    Transmit last = core_.transmit(now, *closing_.front(), buffer);
    core_.drop(closing_.front());
    closing_.erase(closing_.begin());
    if (last.length > 0) return last;
  }
  for (auto* carried : {&session_, &attempt_}) {
    if (!*carried) continue;
    Carried& one = **carried;
    Transmit out = core_.transmit(now, one, buffer);
    if (carried == &session_) keep_first_words(out, buffer);
    drain_events(now, one);
    if (one.session->connection().closed()) session_closed(now, one);
    if (out.length > 0) return out;
  }
  for (size_t i = 0; i < incoming_.size(); ++i) {
    Transmit out = core_.transmit(now, *incoming_[i], buffer);
    if (out.length > 0) return out;
  }
  if (revoking_ && timers_.armed(Timer::revoke_cut) && session_ && session_->session->control_acknowledged()) finish_revocation(now);
  if (leaving_ && timers_.armed(Timer::revoke_cut) && session_ && session_->session->control_acknowledged()) {
    session_->session->close(quic::CloseCode::left, "left");
    closing_.push_back(std::move(session_));
    timers_.set(Timer::revoke_cut, now.boot);
    return poll_transmit(now, buffer);
  }
  return {};
}

void Peer::ping(Now now, RequestId request, Duration timeout) {
  if (!session_ || !candidates_.active()) {
    core_.finish_request(request, Error{ErrorCode::unreachable, "There is no connection now.", cause_});
    return;
  }
  request_check(now, *candidates_.active());
  pings_.push_back({request, now.boot, now.boot + timeout, now.boot + limits::path_suspect_after});
}

void Peer::ping_due(Now now) {
  for (Ping& ping : pings_) {
    if (now.boot >= ping.deadline) {
      std::string remedy = cause_.empty() ? "See `drawbridge why`." : cause_;
      core_.finish_request(std::exchange(ping.request, 0), Error{ErrorCode::unreachable, "No answer came back.", remedy});
    } else if (now.boot >= ping.again) {
      ping.again = now.boot + limits::path_suspect_after;
      if (session_ && candidates_.active()) request_check(now, *candidates_.active());
    }
  }
  std::erase_if(pings_, [](const Ping& ping) { return ping.request == 0; });
}

// The path in use has answered what was asked so long ago; older questions say nothing about now.
void Peer::finish_pings(Now now, Duration round_trip) {
  for (Ping& ping : pings_) {
    if (now.boot - round_trip >= ping.begun) core_.finish_request(std::exchange(ping.request, 0), {}, round_trip);
  }
  std::erase_if(pings_, [](const Ping& ping) { return ping.request == 0; });
}

std::optional<WallTime> Peer::last_seen(Now now) const {
  bool up = session_ && announced_ && suspended_at_ == far_future;
  return up ? std::optional(now.wall) : record_.last_seen;
}

PeerStatus Peer::status(Now now) const {
  PeerStatus s;
  s.key = record_.key;
  s.name = record_.name;
  s.since = since_;
  s.nat = peer_nat_;
  s.cause = cause_;
  bool up = session_ && announced_ && suspended_at_ == far_future;
  bool trying = !is_office() && (attempt_ || session_);
  s.state = revoked() ? PeerState::revoked : up ? PeerState::connected : trying ? PeerState::connecting : PeerState::offline;
  if (up) s.cause.clear();
  if (last_answer_ != Instant{}) s.echo_age = now.boot - last_answer_;
  if (up) s.path = session_->path;
  if (up) s.relay = relay_url();
  s.bytes_sent = carried_.sent;
  s.bytes_received = carried_.received;
  for (FlowId id : session_ ? session_->session->flow_ids() : std::vector<FlowId>()) {
    FlowCounters counters = session_->session->flow(id)->counters();
    s.bytes_sent += counters.sent;
    s.bytes_received += counters.received;
  }
  if (const auto* active = candidates_.active(); up && active) s.rtt = active->rtt;
  return s;
}

}  // namespace drawbridge
