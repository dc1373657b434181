#include "protocol/core.hpp"

#include <algorithm>

namespace drawbridge {

Core::Core(NodeConfig node_config, Entropy& source) : config(std::move(node_config)), entropy(source), relays(source, config.udp) {
  sessions.entropy = &entropy;
  sessions.cubic = config.cubic;
  if (config.versions.empty()) config.versions = {quic::protocol_version};
}

std::vector<AeadId> Core::aeads() const {
  std::vector<AeadId> list{AeadId::chacha20_poly1305};
  if (config.hardware_aes) list.insert(list.begin(), AeadId::aes_256_gcm);
  return list;
}

bool Core::shares_version(const std::vector<uint8_t>& theirs) const {
  return std::find_first_of(theirs.begin(), theirs.end(), config.versions.begin(), config.versions.end()) != theirs.end();
}

void Core::send(const Path& path, Bytes bytes, uint8_t hop_limit) {
  if (!running || datagrams.size() >= limits::queued_datagrams) return;
  if (!relay::is_relayed(path.remote)) {
    datagrams.push_back({path, std::move(bytes), hop_limit});
    return;
  }
  if (!relays.may_send(path.remote)) return;
  bytes.insert(bytes.begin(), relay::header_size, 0);
  relays.write_header(path.remote, bytes);
  datagrams.push_back({path, std::move(bytes)});
}

std::vector<SocketAddress> Core::own_addresses() const {
  // Of many interfaces some may be left out; of what is reached from outside, none.
  std::vector<SocketAddress> addresses = forwarded_addresses;
  auto add = [&](const std::vector<SocketAddress>& more) {
    for (const SocketAddress& address : more) {
      if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) addresses.push_back(address);
    }
  };
  add(relays.reflexive_addresses());
  add(local_addresses);
  addresses.resize(std::min(addresses.size(), limits::candidates));
  return addresses;
}

traversal::NatBehaviour Core::nat_behaviour() const {
  if (!config.udp) return {.mapping = traversal::Mapping::udp_blocked};
  std::vector<traversal::Observation> seen;
  for (const relay::RelayStatus& status : relays.statuses()) seen.insert(seen.end(), status.observations.begin(), status.observations.end());
  if (seen.empty() && relays.udp_passes() == false) return {.mapping = traversal::Mapping::udp_blocked};
  traversal::NatBehaviour nat = traversal::classify(seen, local_addresses);
  // One relay that was let in unasked proves more than another that was not.
  for (const relay::RelayStatus& status : relays.statuses()) {
    bool known = nat.filtering == traversal::Filtering::independent_of_port || status.filtering == traversal::Filtering::unknown;
    if (!known) nat.filtering = status.filtering;
  }
  return nat;
}

void Core::audit(Now now, audit::RecordType type, const DeviceId* device, const std::string& name, const std::string& service,
                 const std::string& detail, FlowCounters counters) {
  audit::Record record{.sequence = state.audit_sequence + 1, .time = now.wall, .type = type, .device_name = name, .service = service,
                       .detail = detail, .sent = counters.sent, .received = counters.received};
  if (device) record.device = *device;
  audit::Link link = audit::encode(record, state.audit_hash);
  state.audit_sequence = record.sequence;
  state.audit_hash = link.hash;
  bool flow = type == audit::RecordType::flow_opened || type == audit::RecordType::flow_closed;
  if (flow) {
    journal.put_lazily(audit::to_row(record, link), now.boot);
    journal.put_lazily(roster::to_row(state), now.boot);
  } else {
    journal.put(audit::to_row(record, link));
    save_state();
  }
}

void Core::reserve_counters(uint64_t from) {
  if (reserving_) return;
  reserving_ = true;
  state.counter_reserved = std::max(from, state.counter_reserved) + limits::counter_block;
  save_state();
  uint64_t reserved = state.counter_reserved;
  journal.when_durable([this, reserved](Now) {
    reserving_ = false;
    counter_usable_ = reserved;
  });
}

// A state that finds itself on another machine is a copy, and the original may be running.
void Core::choose_instance() {
  constexpr decltype(instance.machine) unknown{};
  bool fresh = instance.id == roster::InstanceId{};
  bool moved = !fresh && config.machine != instance.machine && config.machine != unknown && instance.machine != unknown;
  if (moved) state.boot_id += limits::starts_skipped;
  if (fresh || moved) entropy.fill(instance.id);
  if (config.machine != unknown) instance.machine = config.machine;
  journal.put(roster::to_row(instance));
}

void Core::handle_copy(Now now, const DeviceId& device, const std::string& name, const roster::Incarnation& copy) {
  instance.displaced_by = copy.boot_id;
  journal.put(roster::to_row(instance));
  audit(now, audit::RecordType::displaced, &device, name);
  emit(event::Displaced{});
}

void Core::forget_copies(const DeviceId& office) {
  if (incarnations.erase(office) > 0) journal.put(roster::deleted(RowKind::incarnation, roster::incarnation_key_bytes(office)));
}

void Core::forget_audit_head(const DeviceId& office) {
  if (audit_heads.erase(office) > 0) journal.put(roster::deleted(RowKind::audit_head, to_bytes(office.bytes)));
}

void Core::start(Now now) {
  durable_end = {state.audit_sequence, state.audit_hash};
  journal.hold(Urgency::vital);  // an office that cannot count its start lets nobody in
  choose_instance();
  ++state.boot_id;
  incarnation = roster::sign_incarnation(identity(), state.boot_id, instance.id);
  counter_ = state.counter_reserved;  // nothing below what was ever reserved may be used again
  reserve_counters(now.wall.unix_ms > 0 ? static_cast<uint64_t>(now.wall.unix_ms) * 1000 : 0);
  journal.when_durable([this](Now) { running = true; });
}

std::optional<uint64_t> Core::next_counter(Now now) {
  uint64_t clock = now.wall.unix_ms > 0 ? static_cast<uint64_t>(now.wall.unix_ms) * 1000 : 0;
  uint64_t next = std::max(clock, counter_ + 1);
  if (next + limits::counter_block / 2 > counter_usable_) reserve_counters(next);
  if (next > counter_usable_) return std::nullopt;
  counter_ = next;
  return next;
}

void Core::finish_request(RequestId request, std::optional<Error> error, std::optional<Duration> rtt, std::optional<RelationKey> peer) {
  emit(event::RequestDone{request, std::move(error), rtt, peer});
}

RequestId Core::durable_request(std::function<void(Now)> take_back) {
  RequestId request = begin_request();
  journal.then([this, request, record = state.audit_sequence, take_back = std::move(take_back)](Now now, const std::optional<Error>& error) {
    if (error) {
      take_back(now);
      audit(now, audit::RecordType::not_saved, nullptr, "", "", "record " + std::to_string(record));
    }
    finish_request(request, error);
  });
  return request;
}

std::unique_ptr<Carried> Core::carry(SessionHolder* holder, quic::End self, Instant now) {
  auto carried = std::make_unique<Carried>();
  carried->holder = holder;
  carried->session = std::make_unique<Session>(sessions, self);
  carried->started = now;
  entropy.fill({reinterpret_cast<uint8_t*>(&carried->handle), sizeof carried->handle});
  return carried;
}

void Core::update_routes(Carried& carried) {
  for (const quic::ConnectionId& id : carried.session->take_issued()) {
    routes[id] = &carried;
    carried.routes.push_back(id);
  }
  for (const quic::ConnectionId& id : carried.session->take_retired()) {
    routes.erase(id);
    std::erase(carried.routes, id);
  }
}

void Core::drop(std::unique_ptr<Carried>& carried) {
  if (!carried) return;
  update_routes(*carried);
  for (const quic::ConnectionId& id : carried->routes) routes.erase(id);
  carried.reset();
}

Transmit Core::transmit(Now now, Carried& carried, MutableBytes buffer) {
  if (!running || !carried.may_send || (!carried.path && carried.fan_out.empty())) return {};
  bool by_relay = carried.path && relay::is_relayed(carried.path->remote);
  if (by_relay && !relays.may_send(carried.path->remote)) return lose_run(now, carried, buffer);
  PacketRun run = carried.session->write_run(now.boot, buffer, carried.packet_size, by_relay ? relay::header_size : 0);
  update_routes(carried);
  if (run.length == 0) {
    carried.may_send = false;
    return {};
  }
  if (by_relay) return relayed(now, carried.path->remote, run, buffer);
  if (carried.path) return {*carried.path, run.ecn, run.segment_size, run.length};
  ByteView bytes = ByteView(buffer).first(run.length);
  for (size_t i = 1; i < carried.fan_out.size(); ++i) {
    for (size_t at = 0; at < bytes.size(); at += run.segment_size) {
      send(carried.fan_out[i], to_bytes(bytes.subspan(at, std::min(run.segment_size, bytes.size() - at))));
    }
  }
  if (!relay::is_relayed(carried.fan_out[0].remote)) return {carried.fan_out[0], run.ecn, run.segment_size, run.length};
  for (size_t at = 0; at < bytes.size(); at += run.segment_size) {
    send(carried.fan_out[0], to_bytes(bytes.subspan(at, std::min(run.segment_size, bytes.size() - at))));
  }
  return {};
}

// A mailbox that is closed is a path on which everything is lost: the connection must notice as on any other.
Transmit Core::lose_run(Now now, Carried& carried, MutableBytes buffer) {
  carried.session->write_run(now.boot, buffer, carried.packet_size, relay::header_size);
  update_routes(carried);
  carried.may_send = false;
  return {};
}

Transmit Core::relayed(Now now, const SocketAddress& mailbox, const PacketRun& run, MutableBytes buffer) {
  for (size_t at = 0; at < run.length; at += run.segment_size) relays.write_header(mailbox, buffer.subspan(at));
  return {relays.path_for(now.boot, mailbox), run.ecn, run.segment_size, run.length};
}

}  // namespace drawbridge
