// Node: start, durability, and what happens when a part is over.
#include "protocol/node.hpp"

#include <algorithm>

#include "keys/hash.hpp"
#include "protocol/node_core.hpp"

namespace drawbridge {
namespace {

// Offices announce a restart to many devices over a second at most, so that these do not all knock at once.
constexpr Duration announce_spread = 1s;
constexpr Duration announce_step = 20ms;
constexpr Duration grants_interval = 1s;

// The same for the same addresses in any order: good enough to remember what a network lets out.
uint64_t network_of(std::vector<SocketAddress> addresses) {
  std::sort(addresses.begin(), addresses.end());
  Bytes bytes;
  for (const SocketAddress& address : addresses) append(bytes, address.ip);
  constexpr std::array<uint8_t, 16> key{};
  return siphash24(key, bytes);
}

Error damaged_state() {
  return {ErrorCode::malformed, "The state of this computer is damaged: its own row cannot be read.",
          "Put the state folder aside, then bring a backup back: drawbridge init --restore, drawbridge restore FILE"};
}

}  // namespace

Node::Node(NodeConfig config, Entropy& entropy) : core_(std::make_unique<Core>(std::move(config), entropy)) {}
Node::~Node() = default;

Result<void> Node::start(Now now, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    if (!row.value || core_->load(row)) continue;
    // Begun anew, its counters would lock every peer out, and the audit trail would begin again.
    if (row.kind == RowKind::node) return damaged_state();
    core_->keep_unreadable(row);
  }
  core_->apply_revocations();
  if (!core_->unreadable.empty()) core_->shared.emit(event::RowsUnreadable{core_->unreadable});
  core_->apply_relays();
  if (!core_->addresses.empty()) core_->want_addresses();
  core_->shared.start(now);
  core_->shared.journal.when_durable([this](Now later) { core_->started(later); });
  return {};
}

// Something new may be written in its place: what was there stays beside, for a version that can read it.
void Node::Core::keep_unreadable(const Row& row) {
  ++unreadable[row.kind];
  Bytes key{static_cast<uint8_t>(row.kind)};
  append(key, row.key);
  shared.journal.put({RowKind::unreadable, std::move(key), row.value});
}

bool Node::Core::load(const Row& row) {
  // Into `place`, if the row can be read.
  auto read = [](auto parsed, auto&& place) {
    if (parsed) place(std::move(*parsed));
    return parsed.has_value();
  };
  ByteView value = *row.value;
  switch (row.kind) {
    case RowKind::node: return read(roster::parse_node_state(value), [&](auto state) { shared.state = state; });
    case RowKind::relation: return read(roster::parse_relation(value), [&](auto relation) { add_peer(std::move(relation)); });
    case RowKind::invitation:
      return read(roster::parse_invitation(value), [&](auto record) {
        uint64_t id = record.id;
        invitations[id] = std::make_unique<Invitation>(shared, std::move(record));
      });
    case RowKind::service: return read(roster::parse_service(value), [&](auto service) { shared.services[service.name] = service; });
    case RowKind::revocation: return read(roster::parse_revocation(value), [&](auto revocation) { load_revocation(std::move(revocation)); });
    case RowKind::relay: return read(roster::parse_own_relay(value), [&](auto relay) { relays.push_back(relay); });
    case RowKind::address: return read(roster::parse_own_address(value), [&](auto address) { addresses.push_back(address); });
    case RowKind::instance: return read(roster::parse_instance(value), [&](auto instance) { shared.instance = instance; });
    case RowKind::incarnation: return read(roster::parse_incarnation(value), [&](auto met) { shared.incarnations[met.office] = met.incarnation; });
    case RowKind::audit_head: return read(audit::parse_kept_head(value), [&](auto met) { shared.audit_heads[met.office] = met.kept; });
    case RowKind::audit_checkpoint: return read(audit::parse_checkpoint(value), [&](auto checkpoint) { shared.checkpoint = checkpoint; });
    case RowKind::audit:
    case RowKind::unreadable: return true;
  }
  return false;  // of a newer version
}

void Node::Core::load_revocation(roster::Revocation revocation) {
  auto [known, fresh] = revocations.try_emplace(revocation.device, revocation);
  if (fresh) return;
  if (known->second.revoked_at < revocation.revoked_at) std::swap(known->second, revocation);
  DeviceId device = revocation.device;
  earlier_revocations.emplace(device, std::move(revocation));
}

// Rows come in any order. Beside a revocation of other keys a device was paired again; revoked keys themselves never come back.
void Node::Core::apply_revocations() {
  for (auto it = peers.begin(); it != peers.end();) {
    auto& [key, peer] = *it;
    const Secret<16>& tag = peer->keys().knock_tag;
    auto has_tag = [&](const auto& entry) { return entry.second.knock_tag == tag; };
    bool revoked = std::ranges::any_of(revocations, has_tag) || std::ranges::any_of(earlier_revocations, has_tag);
    if (revoked) shared.journal.put(roster::deleted(RowKind::relation, roster::relation_key_bytes(key)));
    else supersede_revocation(key);
    it = revoked ? peers.erase(it) : std::next(it);
  }
}

// A device that was revoked once and is invited again is an ordinary device; the revocation stays on record.
void Node::Core::supersede_revocation(const RelationKey& paired) {
  if (paired.role != PeerRole::device) return;
  if (auto revocation = revocations.extract(paired.peer)) earlier_revocations.emplace(paired.peer, std::move(revocation.mapped()));
}

Peer& Node::Core::add_peer(roster::Relation record) {
  RelationKey key = record.key;
  peers.erase(key);
  return *(peers[key] = std::make_unique<Peer>(shared, std::move(record)));
}

void Node::Core::started(Now now) {
  size_t count = std::max<size_t>(peers.size(), 1);
  Duration step = std::min<Duration>(announce_step, announce_spread / static_cast<int64_t>(count));
  Duration after{};
  for (auto& [id, invitation] : invitations) invitation->open_mailboxes(now);
  for (auto& [key, peer] : peers) {
    peer->start(now, after);
    if (key.role == PeerRole::device) after += step;
    peer->handle_timeout(now);
  }
}

void Node::Core::finish_pairing(Now now, Invitation& invitation) {
  auto relation = invitation.take_done();
  if (!relation) return;
  RelationKey key = relation->key;
  uint64_t id = invitation.record().id;
  shared.journal.put(roster::to_row(*relation));
  shared.journal.put(roster::deleted(RowKind::invitation, roster::invitation_key_bytes(id)));
  shared.audit(now, audit::RecordType::paired, &key.peer, relation->name, "", "invitation " + std::to_string(id));
  supersede_revocation(key);
  std::string name = relation->name;
  add_peer(std::move(*relation)).start(now, far_future - now.boot);
  shared.journal.when_durable([this, key, name, id](Now) { shared.emit(event::Paired{key, name, id}); });
}

void Node::Core::finish_joining(Now now, Joining& joining) {
  if (auto relation = joining.take_paired()) {
    RelationKey key = relation->key;
    shared.emit(event::Paired{key, relation->name, 0});
    joins[key] = joining.request();
    // Whom we pair with now is the office, whatever was met before.
    shared.forget_copies(key.peer);
    add_peer(std::move(*relation)).start(now, 0ns);
    peers[key]->connect(now);
  } else if (joining.failure()) {
    shared.finish_request(joining.request(), joining.failure());
  }
}

// From here on it is a pairing by link.
void Node::Core::finish_code(Now now, RequestId request, CodeTaker& taker) {
  const Result<std::string>& link = *taker.outcome();
  auto begun = link ? begin_joining(now, request, *link, taker.own_name()) : Result<void>(link.error());
  if (!begun) shared.finish_request(request, begun.error());
}

// A join is done once its office is connected; it is durable already, so nothing is lost if that takes longer.
void Node::Core::finish_joins() {
  for (auto it = joins.begin(); it != joins.end();) {
    auto peer = peers.find(it->first);
    if (peer != peers.end() && !peer->second->connected() && !peer->second->revoked()) {
      ++it;
      continue;
    }
    shared.finish_request(it->second, {}, {}, it->first);
    it = joins.erase(it);
  }
}

void Node::Core::reap(Now now) {
  follow_relays(now);
  for (auto it = invitations.begin(); it != invitations.end();) {
    Invitation& invitation = *it->second;
    finish_pairing(now, invitation);
    bool dead = invitation.spent() ? invitation.idle() : invitation.expired(now.wall) && !invitation.pending_keys();
    if (dead && !invitation.spent()) shared.journal.put(roster::deleted(RowKind::invitation, roster::invitation_key_bytes(it->first)));
    it = dead ? invitations.erase(it) : std::next(it);
  }
  for (auto it = code_takers.begin(); it != code_takers.end();) {
    if (it->second->outcome()) finish_code(now, it->first, *it->second);
    it = it->second->outcome() ? code_takers.erase(it) : std::next(it);
  }
  for (auto it = joinings.begin(); it != joinings.end();) {
    finish_joining(now, *it->second);
    it = it->second->over() ? joinings.erase(it) : std::next(it);
  }
  if (!joins.empty()) finish_joins();
  for (auto it = peers.begin(); it != peers.end();) {
    auto next = std::next(it);
    if (it->second->left()) forget_left(now, *it->second);
    bool closing = it->second->over() && it->second->drained();
    if (closing) peers.erase(it);
    it = next;
  }
  if (now.boot - grants_checked < grants_interval) return;
  grants_checked = now.boot;
  for (auto& [key, peer] : peers) peer->end_ungranted_flows(now);
}

// A device that leaves by itself is treated as one that was revoked: its keys are gone, and the record says why.
void Node::Core::forget_left(Now now, Peer& peer) {
  if (peer.revoked()) return;
  auto revocation = roster::revocation_of(peer.record(), "the device left", now.wall, peer.keys().knock_tag, peer.last_seen(now));
  shared.journal.put(roster::deleted(RowKind::relation, roster::relation_key_bytes(peer.key())));
  shared.journal.put(roster::to_row(revocation));
  shared.audit(now, audit::RecordType::revoked, &revocation.device, revocation.name, "", revocation.reason);
  shared.journal.hold(Urgency::vital);
  revocations[revocation.device] = revocation;
  peer.end_after_leaving();
}

void Node::handle_network_change(Now now, std::vector<SocketAddress> local) {
  core_->shared.local_addresses = std::move(local);
  core_->shared.binding.forget();
  core_->shared.relays.keep_alive_within(limits::keepalive);
  core_->shared.relays.handle_network_change(now.boot, network_of(core_->shared.local_addresses));
  for (auto& [key, peer] : core_->peers) {
    peer->send_offer(now);
    peer->handle_network_change(now);
  }
}

void Node::handle_forwarded_addresses(Now now, std::vector<SocketAddress> forwarded) {
  if (forwarded == core_->shared.forwarded_addresses) return;
  core_->shared.forwarded_addresses = std::move(forwarded);
  for (auto& [key, peer] : core_->peers) peer->tell_addresses(now);
}

void Node::handle_persisted(Now now, uint64_t ticket) {
  core_->shared.durable_end = core_->shared.polled_end;
  core_->shared.journal.handle_persisted(now, ticket);
  for (auto& [key, peer] : core_->peers) peer->tell_audit_head(now);
  core_->reap(now);
}

void Node::handle_persist_failed(Now now, uint64_t ticket, const std::string& reason) {
  core_->shared.journal.handle_refused(
      now, ticket, Error{ErrorCode::io, "The state could not be written: " + reason + ".", "Free disk space or repair the disk; nothing was changed."});
  core_->reap(now);
}

void Node::shut_down(Now) {
  core_->shared.shutting_down = true;
  core_->shared.save_state();  // lazily written records go with it
  for (auto& [key, peer] : core_->peers) peer->shut_down();
  core_->shared.relays.shut_down();
}

std::optional<PersistBatch> Node::poll_persist() {
  auto batch = core_->shared.journal.poll();
  if (batch) core_->shared.polled_end = {core_->shared.state.audit_sequence, core_->shared.state.audit_hash};
  return batch;
}

std::optional<Event> Node::poll_event() {
  auto& events = core_->shared.events;
  if (events.empty()) return std::nullopt;
  Event event = std::move(events.front());
  events.pop_front();
  return event;
}

std::map<RowKind, size_t> Node::unreadable_rows() const { return core_->unreadable; }

const DeviceId& Node::id() const { return core_->shared.identity().id; }

}  // namespace drawbridge
