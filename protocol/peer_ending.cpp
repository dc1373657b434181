// How a relation ends: a revocation by the office, a device that leaves; and how a node says that it goes for a while.
#include "protocol/peer.hpp"

namespace drawbridge {

void Peer::begin_revocation(const std::string& reason) {
  revoking_ = true;
  stop_looking();
  abandon_punch();
  revoke_reason_ = reason;
  for (auto& one : incoming_) core_.drop(one), --core_.half_open;
  incoming_.clear();
}

void Peer::revoke(Now, const std::string& reason, RequestId request, std::function<void(Now)> take_back) {
  begin_revocation(reason);
  ending_request_ = request;
  core_.journal.then([this, take_back = std::move(take_back), record = core_.state.audit_sequence,
                      alive = std::weak_ptr<bool>(alive_)](Now later, const std::optional<Error>& error) {
    if (alive.expired()) return;
    if (!error) return tell_revoked(later);
    revoking_ = false;
    take_back(later);
    save();
    core_.audit(later, audit::RecordType::not_saved, nullptr, "", "", "record " + std::to_string(record));
    core_.finish_request(std::exchange(ending_request_, 0), error);
  });
}

void Peer::end_after_leaving() {
  begin_revocation("the device left");
  core_.journal.when_durable([this, alive = std::weak_ptr<bool>(alive_)](Now later) {
    if (!alive.expired()) tell_revoked(later);
  });
}

void Peer::tell_revoked(Now now) {
  bool reachable = session_ && !session_->session->connection().closed() && !session_->session->connection().frozen();
  if (!reachable) return finish_revocation(now);
  session_->session->end_flows(FlowReset::revoked, "The device was revoked.");
  session_->session->send(tunnel::Revoked{revoke_reason_});
  timers_.set(Timer::revoke_cut, now.boot + limits::revoked_notice);
  settle(now, *session_);
}

void Peer::finish_revocation(Now now) {
  timers_.stop(Timer::revoke_cut);
  if (session_) {
    session_->session->end_flows(FlowReset::revoked, "The device was revoked.");
    drain_events(now, *session_);
    session_->session->close(quic::CloseCode::revoked, revoke_reason_);
    session_->may_send = true;
    closing_.push_back(std::move(session_));
    lost(now, "revoked", false);
  }
  if (ending_request_) core_.finish_request(std::exchange(ending_request_, 0));
  over_ = true;
}

void Peer::leave(Now now, RequestId request) {
  leaving_ = true;
  stop_looking();
  core_.drop(attempt_);
  fail_waiting(now, FlowReset::aborted, "This device left the office.");
  if (session_) {
    session_->session->send(tunnel::Leave{});
    session_->session->end_flows(FlowReset::aborted, "This device left the office.");
    drain_events(now, *session_);
    session_->may_send = true;
    timers_.set(Timer::revoke_cut, now.boot + limits::revoked_notice);
  }
  // It goes on leaving even if the disk is full: what the office was told cannot be unsaid. The office's acknowledgement
  // may be quicker than the disk: this peer is gone then, the request is not.
  core_.journal.then([&core = core_, request](Now, const std::optional<Error>& error) { core.finish_request(request, error); });
  core_.journal.when_durable([this, alive = std::weak_ptr<bool>(alive_)](Now) {
    if (!alive.expired() && !session_) over_ = true;
  });
}

void Peer::shut_down() {
  if (!session_) return;
  session_->session->close(quic::CloseCode::restarting, "restarting");
  session_->may_send = true;
}

}  // namespace drawbridge
