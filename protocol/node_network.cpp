// Which part a datagram belongs to: live connections first, then knocks and checks, and silence for everything else.
#include <algorithm>

#include "protocol/node_core.hpp"

namespace drawbridge {
namespace {

constexpr uint8_t long_header = 0x80;
constexpr size_t long_dcid_length_at = 5, long_dcid_at = 6, short_dcid_at = 1;

}  // namespace

// RFC 9000 17: where the destination connection id lies.
Carried* Node::Core::route(ByteView d) {
  quic::ConnectionId id;
  if (d[0] & long_header) {
    if (d.size() < long_dcid_at || d[long_dcid_length_at] > quic::connection_id_max || d.size() - long_dcid_at < d[long_dcid_length_at]) return nullptr;
    id = quic::ConnectionId(d.subspan(long_dcid_at, d[long_dcid_length_at]));
  } else {
    if (d.size() < short_dcid_at + quic::connection_id_size) return nullptr;
    id = quic::ConnectionId(d.subspan(short_dcid_at, quic::connection_id_size));
  }
  auto found = shared.routes.find(id);
  return found == shared.routes.end() ? nullptr : found->second;
}

// Gives whether anything may have changed by it: by most of what strangers send, nothing.
bool Node::Core::handle_datagram(Now now, const Path& path, uint8_t ecn, ByteView datagram, Carried*& touched) {
  if (datagram.empty()) return false;
  Carried* carried = route(datagram);
  if (!carried && touched) {
    // What a packet without a session changes may end the session that was read last.
    touched->holder->settle(now, *std::exchange(touched, nullptr));
    carried = route(datagram);
  }
  if (!carried) return shared.running && handle_stranger(now, path, datagram);
  // Packets of one run nearly always belong to one session; its streams are looked at once, after the run.
  if (touched && touched != carried) {
    touched->holder->settle(now, *std::exchange(touched, nullptr));
    carried = route(datagram);  // settling may have ended it
    if (!carried) return true;
  }
  bool authentic = carried->session->handle_packet(now.boot, ecn, datagram);
  shared.update_routes(*carried);
  carried->holder->handle_session_packet(now, *carried, path, authentic);
  touched = carried;
  return true;
}

// What cannot be ours by its form costs nothing of the measure: a flood of it leaves that to those who knock.
bool Node::Core::handle_stranger(Now now, const Path& path, ByteView datagram) {
  if (datagram[0] & long_header) {
    auto form = quic::parse_first_initial(datagram);
    return form && strange.take(now.boot) && handle_first_packet(now, path, datagram, *form);
  }
  if (!traversal::has_check_size(datagram) || !strange.take(now.boot)) return false;
  for (auto& [key, peer] : peers) {
    if (peer->revoked() || !traversal::check_tag_matches(datagram, peer->check_keys())) continue;
    peer->handle_check(now, path, datagram);
    return true;
  }
  return false;
}

bool Node::Core::handle_first_packet(Now now, const Path& path, ByteView datagram, const quic::FirstInitial& form) {
  for (auto& [key, peer] : peers) {
    if (key.role != PeerRole::device || peer->revoked() || !quic::knock_matches(peer->keys().knock_tag, form.dcid)) continue;
    peer->handle_knock(now, path, datagram, form);
    return true;
  }
  for (auto& [id, invitation] : invitations) {
    if (quic::knock_matches(invitation->keys().knock_tag, form.dcid)) return invitation->handle_knock(now, path, datagram, form), true;
    // A device that lost its acknowledgement comes back with the PSK that it made durable.
    const auto& pending = invitation->pending_keys();
    if (pending && quic::knock_matches(pending->knock_tag, form.dcid) && quic::open_first_initial(datagram, form, pending->knock)) {
      RelationKey key = invitation->record().pending->key;
      invitation->mark_done();
      finish_pairing(now, *invitation);
      auto peer = peers.find(key);
      if (peer != peers.end()) peer->second->handle_knock(now, path, datagram, form);
      return true;
    }
  }
  for (auto& [id, revocation] : revocations) {
    if (!quic::knock_matches(revocation.knock_tag, form.dcid)) continue;
    if (revoked_news.take(now.boot)) shared.emit(event::Refused{RelationKey{PeerRole::device, id}, "revoked"});
    if (revoked_audit.take(now.boot)) shared.audit(now, audit::RecordType::refused, &id, revocation.name, "", "revoked device knocked");
    return true;
  }
  return false;
}

// What a relay passes on comes from the other end of the mailbox; made-up addresses never come from a network.
bool Node::Core::handle_arrival(Now now, const Path& path, uint8_t ecn, ByteView datagram, Carried*& touched) {
  if (datagram.empty() || relay::is_relayed(path.remote)) return false;
  auto received = shared.relays.handle_datagram(now.boot, path, datagram);
  if (!received.ours) return handle_datagram(now, path, ecn, datagram, touched);
  if (!received.mailbox || handle_code_datagram(now, *received.mailbox, received.payload)) return true;
  handle_datagram(now, Path{{}, *received.mailbox}, ecn, received.payload, touched);
  return true;
}

// Mailboxes of short codes carry nothing else.
bool Node::Core::handle_code_datagram(Now now, const SocketAddress& mailbox, ByteView payload) {
  for (auto& [id, invitation] : invitations) {
    if (invitation->code() && invitation->code()->handle_datagram(now, mailbox, payload)) return true;
  }
  for (auto& [request, taker] : code_takers) {
    if (taker->handle_datagram(now, mailbox, payload)) return true;
  }
  return false;
}

void Node::handle_datagrams(Now now, const ReceivedRun& run) {
  Core& core = *core_;
  Carried* touched = nullptr;
  bool changed = false;
  size_t segment = run.segment_size ? run.segment_size : run.bytes.size();
  for (size_t at = 0; at < run.bytes.size(); at += segment) {
    changed |= core.handle_arrival(now, run.path, run.ecn, run.bytes.subspan(at, std::min(segment, run.bytes.size() - at)), touched);
  }
  if (touched) touched->holder->settle(now, *touched);
  if (changed) core.reap(now);
}

void Node::handle_ports(Now now, const RelationKey& peer, const std::vector<uint16_t>& ports) {
  auto found = core_->peers.find(peer);
  if (found != core_->peers.end()) found->second->handle_ports(now, ports);
  else if (!ports.empty()) core_->shared.emit(event::PortsReleased{ports});
  core_->reap(now);
}

void Node::handle_timeout(Now now) {
  Core& core = *core_;
  core.shared.journal.handle_timeout(now.boot);
  core.shared.relays.handle_timeout(now.boot);
  for (auto& [key, peer] : core.peers) {
    if (peer->next_timeout() <= now.boot) peer->handle_timeout(now);
  }
  for (auto& [id, invitation] : core.invitations) invitation->handle_timeout(now);
  for (auto& [id, joining] : core.joinings) joining->handle_timeout(now);
  for (auto& [id, taker] : core.code_takers) taker->handle_timeout(now);
  core.reap(now);
}

void Node::handle_local_refusal(Now now, const std::string& user, const std::string& address) {
  Core& core = *core_;
  ++core.local_refusals;
  if (!core.local_refusal_audit.take(now.boot)) return;
  std::string detail = "a program of " + user + " tried " + address + ", " + std::to_string(core.local_refusals) + " in all";
  core.local_refusals = 0;
  core.shared.audit(now, audit::RecordType::refused, nullptr, "", "", detail);
}

void Node::handle_device_request(Now now, const DeviceId& device, const std::string& name, const std::string& service,
                                 const std::string& request) {
  core_->shared.audit(now, audit::RecordType::asked_by_device, &device, name, service, request);
}

Instant Node::Core::next_timeout() const {
  Instant next = std::min(shared.journal.next_timeout(), shared.relays.next_timeout());
  for (const auto& [key, peer] : peers) next = std::min(next, peer->next_timeout());
  for (const auto& [id, invitation] : invitations) next = std::min(next, invitation->next_timeout());
  for (const auto& [id, joining] : joinings) next = std::min(next, joining->next_timeout());
  for (const auto& [id, taker] : code_takers) next = std::min(next, taker->next_timeout());
  return next;
}

Instant Node::next_timeout() const { return core_->next_timeout(); }

Transmit Node::Core::transmit_datagram(Now now, MutableBytes buffer) {
  if (shared.datagrams.empty()) return {};
  OutDatagram datagram = std::move(shared.datagrams.front());
  shared.datagrams.pop_front();
  std::copy(datagram.bytes.begin(), datagram.bytes.end(), buffer.begin());
  if (relay::is_relayed(datagram.path.remote)) {
    // Its header is there already; the mailbox may have gone meanwhile.
    if (!shared.relays.may_send(datagram.path.remote)) return transmit_datagram(now, buffer);
    datagram.path = shared.relays.path_for(now.boot, datagram.path.remote);
  }
  return {datagram.path, 0, datagram.bytes.size(), datagram.bytes.size(), datagram.hop_limit};
}

// Peers take turns, one run each; then whoever is pairing.
Transmit Node::Core::transmit_session(Now now, MutableBytes buffer) {
  for (int round = 0; round < 2; ++round) {
    size_t index = 0;
    for (auto& [key, peer] : peers) {
      bool due = round == 0 ? index >= turn : index < turn;
      ++index;
      Transmit out = due ? peer->poll_transmit(now, buffer) : Transmit{};
      if (out.length == 0) continue;
      turn = index;
      return out;
    }
  }
  for (auto& [id, invitation] : invitations) {
    if (Transmit out = invitation->poll_transmit(now, buffer); out.length > 0) return out;
  }
  for (auto& [id, joining] : joinings) {
    if (Transmit out = joining->poll_transmit(now, buffer); out.length > 0) return out;
  }
  return {};
}

// What relays have said since may give peers something to send at once: the first packet leaves right behind OPEN.
Transmit Node::poll_transmit(Now now, MutableBytes buffer) {
  Transmit out = core_->poll_transmit(now, buffer);
  if (out.length > 0) return out;
  core_->reap(now);
  return core_->poll_transmit(now, buffer);
}

Transmit Node::Core::poll_transmit(Now now, MutableBytes buffer) {
  if (shared.running) {
    if (auto out = shared.relays.poll_transmit(now.boot, buffer); out.length > 0) return {out.path, 0, out.length, out.length};
  }
  // A session's packets and single datagrams alternate, packets first: a check that overtakes the packet that completes
  // a handshake would be lost, and a check must not wait behind a long transfer.
  Transmit out = datagram_next ? transmit_datagram(now, buffer) : transmit_session(now, buffer);
  if (out.length == 0) out = datagram_next ? transmit_session(now, buffer) : transmit_datagram(now, buffer);
  datagram_next = !datagram_next && out.length > 0;
  return out;
}

}  // namespace drawbridge
