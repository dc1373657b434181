#include "web/core/event_record.hpp"

#include <algorithm>

#include "protocol/base/overloaded.hpp"
#include "protocol/wire/msgpack.hpp"

namespace drawbridge::web {
namespace {

using msgpack::Writer;

const char* state_name(PeerState state) {
  switch (state) {
    case PeerState::offline: return "offline";
    case PeerState::connecting: return "connecting";
    case PeerState::connected: return "connected";
    case PeerState::revoked: return "revoked";
  }
  return "offline";
}

void write(Writer& writer, const Error& error) {
  writer.array(3).str(code_name(error.code)).str(error.message).str(error.remedy);
}

void write_ms(Writer& writer, const std::optional<Duration>& duration) {
  duration ? writer.integer(to_ms(*duration)) : writer.nil();
}

void write_done(Writer& writer, const event::RequestDone& done) {
  writer.array(5).str("done").uint(done.request);
  done.error ? write(writer, *done.error) : void(writer.nil());
  write_ms(writer, done.rtt);
  done.peer ? writer.str(to_text(done.peer->peer)) : writer.nil();
}

void write_peer(Writer& writer, const PeerStatus& peer) {
  writer.array(10).str(to_text(peer.key.peer)).str(peer.name).str(state_name(peer.state));
  write_ms(writer, peer.echo_age);
  writer.str(peer.relay);
  write_ms(writer, peer.rtt);
  writer.str(peer.cause).integer(peer.since.unix_ms).uint(peer.bytes_sent).uint(peer.bytes_received);
}

}  // namespace

Bytes write_event(const Event& event) {
  Bytes out;
  Writer w(out);
  auto peer = [&](const char* name, const RelationKey& key, size_t more) -> Writer& { return w.array(2 + more).str(name).str(to_text(key.peer)); };
  std::visit(Overloaded{
                 [&](const event::RequestDone& e) { write_done(w, e); },
                 [&](const event::Connected& e) { peer("connected", e.peer, 1).str(e.relay); },
                 [&](const event::Suspended& e) { peer("suspended", e.peer, 0); },
                 [&](const event::Resumed& e) { peer("resumed", e.peer, 0); },
                 [&](const event::PathChanged& e) { peer("path", e.peer, 1).str(e.relay); },
                 [&](const event::Disconnected& e) { peer("disconnected", e.peer, 1).str(e.reason); },
                 [&](const event::Paired& e) { peer("paired", e.peer, 1).str(e.name); },
                 [&](const event::RevokedByOffice& e) { peer("revoked", e.peer, 0); },
                 [&](const event::TrailDisputed& e) { peer("disputed", e.office, 0); },
                 [&](const event::ServicesChanged&) { w.array(1).str("services"); },
                 [&](const event::FlowAccepted& e) { w.array(2).str("accepted").uint(e.flow); },
                 [&](const event::FlowReadable& e) { w.array(2).str("readable").uint(e.flow); },
                 [&](const event::FlowWritable& e) { w.array(2).str("writable").uint(e.flow); },
                 [&](const event::FlowEnded& e) { w.array(4).str("ended").uint(e.flow).str(reset_name(e.reset)).str(e.message); },
                 [](const auto&) {},
             },
             event);
  return out;
}

Bytes write_store(const PersistBatch& batch) {
  Bytes out;
  Writer w(out);
  // A page keeps no audit trail of its own: the office's is the record.
  auto kept = [](const Row& row) { return row.kind != RowKind::audit; };
  w.array(3).str("store").uint(batch.ticket).array(static_cast<size_t>(std::count_if(batch.rows.begin(), batch.rows.end(), kept)));
  for (const Row& row : batch.rows) {
    if (!kept(row)) continue;
    w.array(3).uint(static_cast<uint8_t>(row.kind)).bin(row.key);
    row.value ? w.bin(*row.value) : w.nil();
  }
  return out;
}

Bytes write_error(const Error& error) {
  Bytes out;
  Writer w(out);
  write(w, error);
  return out;
}

Bytes write_status(const Node& node, Now now) {
  Bytes out;
  Writer w(out);
  w.array(4).str(to_text(node.id()));
  std::vector<PeerStatus> peers = node.peers(now);
  w.array(peers.size());
  for (const PeerStatus& peer : peers) write_peer(w, peer);
  std::vector<OfferedService> services = node.offered_services();
  w.array(services.size());
  for (const OfferedService& service : services) w.array(4).str(to_text(service.office.peer)).str(service.name).str(service.kind).uint(service.port);
  std::vector<relay::RelayStatus> relays = node.relays();
  w.array(relays.size());
  for (const relay::RelayStatus& relay : relays) {
    w.array(5).str(relay.address.url).boolean(relay.ready).str(relay.operator_name).str(relay.country);
    write_ms(w, relay.round_trip);
  }
  return out;
}

}  // namespace drawbridge::web
