#include "protocol/roster/records.hpp"

#include <algorithm>

#include "protocol/base/limits.hpp"
#include "protocol/roster/record_fields.hpp"
#include "protocol/wire/utf8.hpp"

namespace drawbridge::roster {
namespace {

constexpr size_t certificate_longest = 512;

Bytes big_endian(uint64_t value) {
  Bytes bytes(8);
  for (size_t i = 0; i < 8; ++i) bytes[7 - i] = static_cast<uint8_t>(value >> (8 * i));
  return bytes;
}

void write_services(msgpack::Writer& writer, const std::vector<OfferedService>& services) {
  writer.array(services.size());
  for (const OfferedService& s : services) writer.array(3).str(s.name).str(s.kind).uint(s.port);
}

std::vector<OfferedService> read_services(msgpack::Reader& reader, const RelationKey& office) {
  std::vector<OfferedService> services;
  for (size_t left = reader.array(limits::services); left > 0 && reader.ok(); --left) {
    reader.array_exact(3);
    OfferedService service{office};
    service.name = std::string(reader.str(limits::service_name_bytes));
    service.kind = std::string(reader.str(limits::service_kind_bytes));
    service.port = static_cast<uint16_t>(reader.uint(UINT16_MAX));
    services.push_back(std::move(service));
  }
  return services;
}

}  // namespace

Bytes relation_key_bytes(const RelationKey& key) {
  Bytes bytes{static_cast<uint8_t>(key.role)};
  append(bytes, key.peer.bytes);
  return bytes;
}

static Bytes encode_relation(const Relation& r) {
  Bytes value;
  msgpack::Writer writer = begin_record(value, 16);
  writer.uint(static_cast<uint8_t>(r.key.role)).bin(r.key.peer.bytes).str(r.name).bin(r.psk.reveal()).integer(r.paired_at.unix_ms);
  write_grants(writer, r.grants);
  writer.uint(r.counter).uint(r.peer_boot);
  write_addresses(writer, r.addresses);
  write_time(writer, r.last_seen);
  write_services(writer, r.services);
  writer.bin(r.certificate).str(r.refusal).uint(r.refusals).boolean(r.revoked);
  write_relays(writer, r.relays);
  return value;
}

Row to_row(const Relation& r) { return {RowKind::relation, relation_key_bytes(r.key), encode_relation(r)}; }

void forget_keys(Relation& relation) {
  relation.psk.clear();
  relation.revoked = true;
}

std::optional<Relation> parse_relation(ByteView value) {
  msgpack::Reader reader(value);
  expect_record(reader, 16);
  Relation r;
  r.key.role = static_cast<PeerRole>(reader.uint(static_cast<uint8_t>(PeerRole::device)));
  read_id(reader, r.key.peer);
  r.name = std::string(reader.str(limits::name_bytes));
  read_secret(reader, r.psk);
  r.paired_at.unix_ms = reader.integer();
  r.grants = read_grants(reader);
  r.counter = reader.uint();
  r.peer_boot = reader.uint();
  r.addresses = read_addresses(reader, limits::candidates);
  r.last_seen = read_time(reader);
  r.services = read_services(reader, r.key);
  r.certificate = to_bytes(reader.bin(certificate_longest));
  r.refusal = std::string(reader.str(limits::text_bytes));
  r.refusals = reader.uint();
  r.revoked = reader.boolean();
  r.relays = read_relays(reader);
  if (!reader.done() || r.key.role < PeerRole::office) return std::nullopt;
  return r;
}

Revocation revocation_of(const Relation& relation, std::string reason, WallTime revoked_at, const Secret<16>& knock_tag,
                         std::optional<WallTime> last_seen) {
  return {relation.key.peer, relation.name, std::move(reason), revoked_at, knock_tag, last_seen, relation.paired_at, relation.grants};
}

Bytes revocation_key_bytes(const Revocation& r) {
  Bytes key(r.device.bytes.begin(), r.device.bytes.end());
  append(key, big_endian(static_cast<uint64_t>(r.revoked_at.unix_ms)));
  return key;
}

Row to_row(const Revocation& r) {
  Bytes value;
  msgpack::Writer writer = begin_record(value, 8);
  writer.bin(r.device.bytes).str(r.name).str(r.reason).integer(r.revoked_at.unix_ms).bin(r.knock_tag.reveal());
  write_time(writer, r.last_seen);
  write_time(writer, r.paired_at);
  if (r.grants) write_grants(writer, *r.grants);
  else writer.nil();
  return {RowKind::revocation, revocation_key_bytes(r), std::move(value)};
}

std::optional<Revocation> parse_revocation(ByteView value) {
  msgpack::Reader reader(value);
  size_t fields = expect_record(reader, 5, 8);  // 5 and 6: version 1 of the state, and backups of it
  Revocation r;
  read_id(reader, r.device);
  r.name = std::string(reader.str(limits::name_bytes));
  r.reason = std::string(reader.str(limits::text_bytes));
  r.revoked_at.unix_ms = reader.integer();
  ByteView tag = reader.bin_exact(16);
  if (fields == 6) r.last_seen = WallTime{reader.integer()};
  if (fields == 8) {
    r.last_seen = read_time(reader);
    r.paired_at = read_time(reader);
    if (!reader.nil()) r.grants = read_grants(reader);
  }
  if (!reader.done()) return std::nullopt;
  r.knock_tag = Secret<16>(tag.first<16>());
  return r;
}

Bytes invitation_key_bytes(uint64_t id) { return big_endian(id); }

Row to_row(const Invitation& i) {
  Bytes value;
  msgpack::Writer writer = begin_record(value, 8);
  writer.uint(i.id).str(i.name).bin(i.secret.reveal());
  write_grants(writer, i.grants);
  writer.integer(i.expires_at.unix_ms).array(i.seen.size());
  for (uint64_t mark : i.seen) writer.uint(mark);
  if (i.claimed_by) writer.bin(*i.claimed_by);
  else writer.nil();
  if (i.pending) writer.bin(encode_relation(*i.pending));
  else writer.nil();
  return {RowKind::invitation, invitation_key_bytes(i.id), std::move(value)};
}

std::optional<Invitation> parse_invitation(ByteView value) {
  msgpack::Reader reader(value);
  expect_record(reader, 8);
  Invitation i;
  i.id = reader.uint();
  i.name = std::string(reader.str(limits::name_bytes));
  read_secret(reader, i.secret);
  i.grants = read_grants(reader);
  i.expires_at.unix_ms = reader.integer();
  for (size_t left = reader.array(limits::invitation_tries); left > 0 && reader.ok(); --left) i.seen.push_back(reader.uint());
  if (!reader.nil()) {
    ByteView key = reader.bin_exact(i.claimed_by.emplace().size());
    std::copy(key.begin(), key.end(), i.claimed_by->begin());
  }
  if (!reader.nil()) {
    i.pending = parse_relation(reader.bin(limits::relation_bytes));
    if (!i.pending) reader.refuse();
  }
  if (!reader.done()) return std::nullopt;
  return i;
}

Row to_row(const ServiceDefinition& s) {
  Bytes value;
  begin_record(value, 4).str(s.name).str(s.kind).str(s.target).uint(s.port);
  return {RowKind::service, to_bytes(as_bytes(s.name)), std::move(value)};
}

std::optional<ServiceDefinition> parse_service(ByteView value) {
  msgpack::Reader reader(value);
  expect_record(reader, 4);
  ServiceDefinition s;
  s.name = std::string(reader.str(limits::service_name_bytes));
  s.kind = std::string(reader.str(limits::service_kind_bytes));
  s.target = std::string(reader.str(limits::service_target_bytes));
  s.port = static_cast<uint16_t>(reader.uint(UINT16_MAX));
  if (!reader.done()) return std::nullopt;
  return s;
}

Row to_row(const OwnRelay& r, const DeviceId& id) {
  Bytes value;
  msgpack::Writer writer = begin_record(value, 2);
  writer.uint(r.order);
  write_relays(writer, {r.address});
  return {RowKind::relay, to_bytes(id.bytes), std::move(value)};
}

std::optional<OwnRelay> parse_own_relay(ByteView value) {
  msgpack::Reader reader(value);
  expect_record(reader, 2);
  OwnRelay relay;
  relay.order = reader.uint();
  auto relays = read_relays(reader);
  if (!reader.done() || relays.size() != 1) return std::nullopt;
  relay.address = std::move(relays[0]);
  return relay;
}

Row to_row(const OwnAddress& own) {
  Bytes value;
  begin_record(value, 2).uint(own.order).str(traversal::to_text(own.address));
  return {RowKind::address, own_address_key_bytes(own.address), std::move(value)};
}

std::optional<OwnAddress> parse_own_address(ByteView value) {
  msgpack::Reader reader(value);
  expect_record(reader, 2);
  OwnAddress own;
  own.order = reader.uint();
  std::string text(reader.str(limits::fixed_address_bytes));
  auto address = traversal::parse_fixed_address(text);
  if (!reader.done() || !address || to_text(*address) != text) return std::nullopt;
  own.address = address.take();
  return own;
}

Bytes own_address_key_bytes(const traversal::FixedAddress& address) { return to_bytes(as_bytes(traversal::to_text(address))); }

Row to_row(const NodeState& n) {
  Bytes value;
  begin_record(value, 4).uint(n.boot_id).uint(n.counter_reserved).uint(n.audit_sequence).bin(n.audit_hash);
  return {RowKind::node, {}, std::move(value)};
}

std::optional<NodeState> parse_node_state(ByteView value) {
  msgpack::Reader reader(value);
  expect_record(reader, 4);
  NodeState n;
  n.boot_id = reader.uint();
  n.counter_reserved = reader.uint();
  n.audit_sequence = reader.uint();
  ByteView hash = reader.bin_exact(32);
  if (!reader.done()) return std::nullopt;
  std::copy(hash.begin(), hash.end(), n.audit_hash.begin());
  return n;
}

Row deleted(RowKind kind, Bytes key) { return {kind, std::move(key), std::nullopt}; }

bool is_granted(const std::vector<Grant>& grants, const std::string& service, WallTime now) {
  return std::any_of(grants.begin(), grants.end(), [&](const Grant& grant) {
    return (grant.service == service || grant.service == "*") && (!grant.until || now < *grant.until);
  });
}

bool is_display_name(std::string_view name) {
  return !name.empty() && name.size() <= limits::name_bytes && is_plain_text(name);
}

}  // namespace drawbridge::roster
