// Flows of users' connections, and the messages of the control stream.
#include <algorithm>

#include "protocol/base/overloaded.hpp"
#include "protocol/peer.hpp"
#include "protocol/tunnel/frame.hpp"

namespace drawbridge {
namespace {

// What a peer names must be the address of a host.
bool is_usable(const SocketAddress& address) {
  return address.port != 0 && !address.is_unspecified() && !address.is_multicast();
}

}  // namespace

void Peer::drain_events(Now now, Carried& carried) {
  while (auto event = carried.session->poll_event()) {
    std::visit(Overloaded{
                   [&](session_event::Ready&) { session_ready(now, carried); },
                   [&](session_event::Control& e) { if (&carried == session_.get()) handle_control(now, e.message); },
                   [&](session_event::FlowOpened& e) { flow_opened(now, e.flow); },
                   [&](session_event::FlowAccepted& e) { core_.emit(event::FlowAccepted{e.flow}); },
                   [&](session_event::FlowReadable& e) { core_.emit(event::FlowReadable{e.flow}); },
                   [&](session_event::FlowWritable& e) { core_.emit(event::FlowWritable{e.flow}); },
                   [&](session_event::FlowEnded& e) { flow_ended(now, e); },
               },
               *event);
  }
}

void Peer::handle_control(Now now, const tunnel::ControlMessage& message) {
  if (!std::exchange(confirmed_, true)) announce(now);
  bool from_device = is_office();
  if (const auto* offer = std::get_if<tunnel::Offer>(&message); offer && !from_device) return handle_offer(now, *offer);
  if (const auto* told = std::get_if<tunnel::Revoked>(&message); told && !from_device) return handle_revoked(now, told->reason);
  if (const auto* copy = std::get_if<tunnel::Incarnation>(&message)) return handle_incarnation(now, *copy);
  if (const auto* head = std::get_if<tunnel::AuditHead>(&message); head && !from_device) return handle_audit_head(now, *head);
  if (const auto* punch = std::get_if<tunnel::Punch>(&message)) return handle_terms(now, *punch);
  if (std::holds_alternative<tunnel::Hello>(message) && from_device) return;  // the owner's name for a device stands
  if (const auto* theirs = std::get_if<tunnel::Candidates>(&message); theirs && from_device) return handle_candidates(now, *theirs);
  if (std::holds_alternative<tunnel::Leave>(message) && from_device) {
    left_ = true;
    return;
  }
  session_->session->close(quic::CloseCode::misbehaved, "unexpected control message");
}

void Peer::handle_incarnation(Now now, const roster::Incarnation& copy) {
  if (is_office()) {
    if (core_.displaced() || !roster::displaces(copy, core_.incarnation)) return;
    if (!roster::is_signed_by(copy, core_.identity().id)) return session_->session->close(quic::CloseCode::misbehaved, "an incarnation that we have not signed");
    return core_.handle_copy(now, record_.key.peer, record_.name, copy);
  }
  const DeviceId& office = record_.key.peer;
  if (!roster::is_signed_by(copy, office)) return session_->session->close(quic::CloseCode::misbehaved, "an incarnation that the office has not signed");
  roster::Incarnation& newest = core_.incarnations[office];
  if (newest.boot_id == 0 || copy.boot_id > newest.boot_id) {
    newest = copy;
    core_.journal.put(roster::to_row(newest, office));
  } else if (roster::displaces(newest, copy) && !std::exchange(told_copy_, true)) {
    session_->session->send(newest);
    session_->may_send = true;
  }
}

void Peer::tell_audit_head(Now now) {
  const Core::ChainEnd& end = core_.durable_end;
  if (!is_office() || !session_ || !announced_ || end.sequence == told_head_) return;
  if (told_head_ != 0 && now.boot - told_head_at_ < limits::audit_head_interval) return;
  told_head_ = end.sequence;
  told_head_at_ = now.boot;
  session_->session->send(audit::sign_head(core_.identity(), end.sequence, end.hash, now.wall));
  session_->may_send = true;
}

void Peer::handle_audit_head(Now now, const audit::Head& head) {
  const DeviceId& office = record_.key.peer;
  if (!audit::is_signed_by(head, office)) return session_->session->close(quic::CloseCode::misbehaved, "an audit head that the office has not signed");
  audit::KeptHead& kept = core_.audit_heads[office];
  auto verdict = kept.meet(head);
  if (verdict == audit::KeptHead::Verdict::unchanged) return;
  core_.journal.put(audit::to_row(kept, office));
  if (verdict != audit::KeptHead::Verdict::disputed) return;
  core_.audit(now, audit::RecordType::trail_disputed, &office, record_.name, "", "record " + std::to_string(head.sequence));
  core_.emit(event::TrailDisputed{record_.key});
}

void Peer::send_offer(Now now) {
  if (!is_office() || !session_) return;
  tunnel::Offer offer{core_.config.name, {}, core_.own_addresses(), core_.own_relays, core_.nat_behaviour()};
  for (const auto& [name, service] : core_.services) {
    if (allowed(now, name)) offer.services.push_back({{}, name, service.kind, service.port});
  }
  session_->session->send(offer);
  session_->may_send = true;
}

// Who names no address has no network at the moment, and will have another.
void Peer::note_families(const std::vector<SocketAddress>& theirs) {
  Families named;
  for (const SocketAddress& address : theirs) (address.is_v4() ? named.v4 : named.v6) = true;
  if (named.v4 || named.v6) peer_families_ = named;
}

void Peer::handle_offer(Now now, const tunnel::Offer& offer) {
  follow_peer_network(now, offer.nat);
  note_families(offer.addresses);
  record_.name = offer.office_name;
  record_.services = offer.services;
  for (OfferedService& service : record_.services) service.office = record_.key;
  std::vector<SocketAddress> addresses;
  if (auto lasting = lasting_address()) addresses.push_back(*lasting);
  for (const SocketAddress& address : offer.addresses) {
    bool fresh = std::find(addresses.begin(), addresses.end(), address) == addresses.end();
    if (fresh && is_usable(address) && addresses.size() < limits::candidates) addresses.push_back(address);
  }
  bool moved = !addresses.empty() && addresses != record_.addresses;
  bool relays = offer.relays != record_.relays;
  record_.relays = offer.relays;
  // An office that names none has no network at the moment: where it was is the best guess.
  if (!offer.addresses.empty() || record_.addresses.empty()) record_.addresses = addresses;
  save();
  if (relays) open_mailboxes(now);
  core_.emit(event::ServicesChanged{record_.key});
  if (!moved) return;
  candidates_.set(record_.addresses);
  for (const auto& [relay, mailbox] : mailboxes_) {
    if (core_.relays.may_send(mailbox)) candidates_.add(Path{{}, mailbox});
  }
  check_all(now);
  begin_probing(now, true);
}

void Peer::follow_peer_network(Now now, const traversal::NatBehaviour& nat) {
  if (std::exchange(peer_nat_, nat) == nat) return;
  punch_not_before_ = {};
  consider_punch(now);
}

void Peer::handle_candidates(Now now, const tunnel::Candidates& theirs) {
  follow_peer_network(now, theirs.nat);
  note_families(theirs.addresses);
  bool news = false;
  // The best are named first; added last, they are not the ones for which there is no room.
  for (auto address = theirs.addresses.rbegin(); address != theirs.addresses.rend(); ++address) {
    if (!is_usable(*address) || candidates_.find(*address)) continue;
    candidates_.add(Path{{}, *address});
    news = true;
  }
  begin_probing(now, news);
}

void Peer::handle_revoked(Now now, const std::string& reason) {
  roster::forget_keys(record_);
  record_.refusal = reason;
  record_.services.clear();
  save();
  keys_ = {};
  close_mailboxes();
  cause_ = "The office has revoked this device.";
  core_.emit(event::RevokedByOffice{record_.key});
  core_.emit(event::ServicesChanged{record_.key});
  fail_waiting(now, FlowReset::revoked, "The office has revoked this device.");
  core_.drop(attempt_);
  stop_looking();
  since_ = now.wall;
  if (!session_) return;
  session_->session->end_flows(FlowReset::revoked, "The office has revoked this device.");
  drain_events(now, *session_);
  // The acknowledgement of that word still leaves; the office closes.
  lost(now, "revoked", false);
}

bool Peer::allowed(Now now, const std::string& service) const {
  return roster::is_granted(record_.grants, service, now.wall) && core_.services.contains(service);
}

void Peer::flow_opened(Now now, FlowId id) {
  tunnel::TunnelFlow* opened = flow(id);
  if (!opened) return;
  if (!is_office() || revoking_ || !allowed(now, opened->service)) {
    if (refusals_.take(now.boot)) {
      core_.audit(now, audit::RecordType::refused, &record_.key.peer, record_.name, opened->service, "not granted");
    }
    session_->session->refuse_flow(id, FlowReset::no_such_service, "The office offers no such service to this device.");
    return;
  }
  if (core_.journal.full()) {
    session_->session->refuse_flow(id, FlowReset::aborted, "The office's disk takes no more records; free space there.");
    return;
  }
  opened->opened = now.boot;
  if (core_.services.at(opened->service).kind == tunnel::datagram_kind) opened->datagrams.emplace();
  core_.flows[id] = this;
  core_.emit(event::FlowRequested{id, record_.key, record_.name, opened->service, core_.services.at(opened->service).target});
}

void Peer::flow_ended(Now now, const session_event::FlowEnded& ended) {
  if (core_.flows.erase(ended.flow) == 0) return;
  add_carried(ended.counters);
  if (is_office()) {
    std::string why = ended.reset == FlowReset::none ? "" : reset_name(ended.reset);
    core_.audit(now, audit::RecordType::flow_closed, &record_.key.peer, record_.name, ended.service, why, ended.counters);
  }
  core_.emit(event::FlowEnded{ended.flow, ended.reset, ended.message});
}

bool Peer::carries_datagrams(const std::string& service) const {
  const auto& offered = record_.services;
  auto found = std::find_if(offered.begin(), offered.end(), [&](const OfferedService& each) { return each.name == service; });
  return found != offered.end() && found->kind == tunnel::datagram_kind;
}

void Peer::send_datagram(Now now, FlowId id, ByteView datagram) {
  tunnel::TunnelFlow* found = flow(id);
  if (!found || !found->datagrams) return;
  if (found->stream < 0) return found->datagrams->write(found->sender, datagram);
  session_->session->send_datagram(now.boot, id, datagram);
  wake(now);
}

Result<FlowId> Peer::open_flow(Now now, const std::string& service) {
  if (record_.revoked) return Error{ErrorCode::not_allowed, "This device was revoked by the office.", "Pair it again, if you should have access."};
  if (waiting_flows_.size() + (session_ ? session_->session->flow_count() : 0) >= limits::flows_per_peer) {
    return Error{ErrorCode::limit, "Too many connections are open to this office.", "Close some of them."};
  }
  auto flow = std::make_unique<tunnel::TunnelFlow>(core_.sessions.next_flow++, service, core_.sessions.pool);
  FlowId id = flow->id;
  flow->opened = now.boot;
  if (carries_datagrams(service)) flow->datagrams.emplace();
  core_.flows[id] = this;
  waiting_flows_[id] = std::move(flow);
  attach_waiting(now);
  if (waiting_flows_.contains(id)) {
    timers_.set_earlier(Timer::flows, now.boot + limits::flow_patience);
    if (session_ && suspended_at_ != far_future) check_all(now);
  }
  return id;
}

// A path that has not answered for a while may be a dead office's: a flow whose bytes have left cannot be moved to the
// next connection (the office may have acted on them), one that has waited can.
bool Peer::in_doubt(Now now) const {
  Instant waiting = waiting_since();
  return suspended_at_ != far_future || (waiting != far_future && now.boot - waiting >= limits::path_suspect_after);
}

void Peer::attach_waiting(Now now) {
  if (!session_ || is_office() || in_doubt(now)) return;
  while (!waiting_flows_.empty()) {
    auto first = waiting_flows_.begin();
    if (!session_->session->attach(first->second)) return;
    waiting_flows_.erase(first);
  }
  timers_.stop(Timer::flows);
  session_->may_send = true;
}

void Peer::fail_waiting(Now, FlowReset reset, const std::string& message) {
  for (auto& [id, flow] : std::exchange(waiting_flows_, {})) {
    core_.flows.erase(id);
    core_.emit(event::FlowEnded{id, reset, message});
  }
}

tunnel::TunnelFlow* Peer::flow(FlowId id) {
  auto waiting = waiting_flows_.find(id);
  if (waiting != waiting_flows_.end()) return waiting->second.get();
  return session_ ? session_->session->flow(id) : nullptr;
}

void Peer::accept_flow(Now now, FlowId id) {
  tunnel::TunnelFlow* found = flow(id);
  if (!found || !session_) return;
  core_.audit(now, audit::RecordType::flow_opened, &record_.key.peer, record_.name, found->service);
  session_->session->accept_flow(id);
  settle(now, *session_);
}

void Peer::refuse_flow(Now now, FlowId id, FlowReset reset, const std::string& message) {
  tunnel::TunnelFlow* found = flow(id);
  if (!found || !session_) return;
  core_.flows.erase(id);
  core_.audit(now, audit::RecordType::refused, &record_.key.peer, record_.name, found->service, reset_name(reset));
  session_->session->refuse_flow(id, reset, message);
  settle(now, *session_);
}

void Peer::reset_flow(Now now, FlowId id, FlowReset reset) {
  if (core_.flows.erase(id) == 0) return;
  if (waiting_flows_.erase(id) > 0 || !session_) return;
  auto flow = session_->session->reset_flow(id, reset);
  if (flow) add_carried(flow->counters());
  if (flow && is_office() && flow->accepted) {
    core_.audit(now, audit::RecordType::flow_closed, &record_.key.peer, record_.name, flow->service, reset_name(reset), flow->counters());
  }
  settle(now, *session_);
}

void Peer::add_carried(const FlowCounters& counters) {
  carried_.sent += counters.sent;
  carried_.received += counters.received;
}

void Peer::touch(Now now, FlowId id) {
  if (!session_) return;
  session_->session->after_consume(id);
  settle(now, *session_);
}

void Peer::end_ungranted_flows(Now now) {
  if (!is_office() || !session_) return;
  for (FlowId id : session_->session->flow_ids()) {
    tunnel::TunnelFlow* found = flow(id);
    if (!found || allowed(now, found->service)) continue;
    core_.emit(event::FlowEnded{id, FlowReset::grant_ended, "The grant for this service ended."});
    reset_flow(now, id, FlowReset::grant_ended);
  }
}

}  // namespace drawbridge
