#include "protocol/tunnel/control_message.hpp"

#include <algorithm>

#include "protocol/roster/record_fields.hpp"
#include "protocol/roster/records.hpp"
#include "protocol/tunnel/frame.hpp"

namespace drawbridge::tunnel {
namespace {

// Sent: never renumber. A message is an array of its type and its fields.
enum class Type : uint8_t { offer = 1, rekey, rekey_answer, revoked, pair_request, pair_grant, pair_done, leave, hello, candidates, incarnation, punch, audit_head };

constexpr size_t certificate_longest = 512;

void write_nat(msgpack::Writer& writer, const traversal::NatBehaviour& nat) {
  writer.array(3).uint(static_cast<uint8_t>(nat.mapping)).uint(static_cast<uint8_t>(nat.filtering)).integer(nat.port_delta);
}

// A kind that a later version knows is unknown to this one.
traversal::NatBehaviour read_nat(msgpack::Reader& reader) {
  using namespace traversal;
  NatBehaviour nat;
  reader.array_exact(3);
  uint64_t mapping = reader.uint(UINT8_MAX), filtering = reader.uint(UINT8_MAX);
  int64_t delta = reader.integer();
  if (mapping <= static_cast<uint8_t>(Mapping::udp_blocked)) nat.mapping = static_cast<Mapping>(mapping);
  if (filtering <= static_cast<uint8_t>(Filtering::address_and_port_dependent)) nat.filtering = static_cast<Filtering>(filtering);
  if (delta < -limits::port_step || delta > limits::port_step) return reader.refuse(), NatBehaviour();
  nat.port_delta = static_cast<int16_t>(delta);
  if (nat.mapping == Mapping::predictable && delta == 0) nat.mapping = Mapping::random;
  return nat;
}

class Encoder {
 public:
  Bytes payload;

  void operator()(const Offer& m) {
    msgpack::Writer writer = begin(Type::offer, 5);
    writer.str(m.office_name).array(m.services.size());
    for (const OfferedService& s : m.services) writer.array(3).str(s.name).str(s.kind).uint(s.port);
    roster::write_addresses(writer, m.addresses);
    roster::write_relays(writer, m.relays);
    write_nat(writer, m.nat);
  }
  void operator()(const Rekey& m) { half(Type::rekey, m.half); }
  void operator()(const RekeyAnswer& m) { half(Type::rekey_answer, m.half); }
  void operator()(const Revoked& m) { begin(Type::revoked, 1).str(m.reason); }
  void operator()(const PairRequest& m) { begin(Type::pair_request, 3).bin(m.device.bytes).str(m.name).bin(m.signature); }
  void operator()(const PairGrant& m) { begin(Type::pair_grant, 3).str(m.office_name).str(m.device_name).bin(m.certificate); }
  void operator()(const PairDone&) { begin(Type::pair_done, 0); }
  void operator()(const Leave&) { begin(Type::leave, 0); }
  void operator()(const Hello& m) { begin(Type::hello, 1).str(m.name); }
  void operator()(const Candidates& m) {
    msgpack::Writer writer = begin(Type::candidates, 2);
    roster::write_addresses(writer, m.addresses);
    write_nat(writer, m.nat);
  }
  void operator()(const Punch& m) {
    begin(Type::punch, 5).uint(m.terms.round).uint(static_cast<uint8_t>(m.terms.source)).bin(roster::encode_address(m.terms.address)).integer(m.terms.step).boolean(m.go);
  }

  void operator()(const AuditHead& m) { begin(Type::audit_head, 4).uint(m.sequence).bin(m.hash).integer(m.time.unix_ms).bin(m.signature); }
  void operator()(const Incarnation& m) { begin(Type::incarnation, 3).uint(m.boot_id).bin(m.instance).bin(m.signature); }

 private:
  msgpack::Writer begin(Type type, size_t fields) {
    msgpack::Writer writer(payload);
    writer.array(fields + 1).uint(static_cast<uint8_t>(type));
    return writer;
  }
  void half(Type type, const quic::Connection::RekeyHalf& h) { begin(type, 2).uint(h.generation).bin(h.ephemeral); }
};

std::string display_name(msgpack::Reader& reader) {
  std::string name(reader.str(limits::name_bytes));
  if (reader.ok() && !roster::is_display_name(name)) reader.refuse();
  return name;
}

quic::Connection::RekeyHalf read_half(msgpack::Reader& reader) {
  quic::Connection::RekeyHalf half;
  half.generation = static_cast<uint32_t>(reader.uint(UINT32_MAX));
  ByteView key = reader.bin_exact(half.ephemeral.size());
  std::copy(key.begin(), key.end(), half.ephemeral.begin());
  return half;
}

Offer read_offer(msgpack::Reader& reader, bool with_nat) {
  Offer offer{display_name(reader), {}, {}, {}};
  for (size_t left = reader.array(limits::services); left > 0 && reader.ok(); --left) {
    reader.array_exact(3);
    OfferedService service;
    service.name = std::string(reader.str(limits::service_name_bytes));
    service.kind = std::string(reader.str(limits::service_kind_bytes));
    service.port = static_cast<uint16_t>(reader.uint(UINT16_MAX));
    if (reader.ok() && !is_service_name(service.name)) reader.refuse();
    offer.services.push_back(std::move(service));
  }
  offer.addresses = roster::read_addresses(reader, limits::candidates);
  offer.relays = roster::read_relays(reader);
  if (with_nat) offer.nat = read_nat(reader);
  return offer;
}

Candidates read_candidates(msgpack::Reader& reader, bool with_nat) {
  Candidates candidates{roster::read_addresses(reader, limits::candidates), {}};
  if (with_nat) candidates.nat = read_nat(reader);
  return candidates;
}

Incarnation read_incarnation(msgpack::Reader& reader) {
  Incarnation incarnation;
  incarnation.boot_id = reader.uint();
  roster::read_bytes(reader, incarnation.instance);
  roster::read_bytes(reader, incarnation.signature);
  return incarnation;
}

AuditHead read_audit_head(msgpack::Reader& reader) {
  AuditHead head;
  head.sequence = reader.uint();
  roster::read_bytes(reader, head.hash);
  head.time = {reader.integer()};
  roster::read_bytes(reader, head.signature);
  return head;
}

bool names_a_host(const SocketAddress& address) {
  return address.port != 0 && !address.is_unspecified() && !address.is_multicast() && !address.is_loopback() && !relay::is_made_up(address);
}

Punch read_punch(msgpack::Reader& reader) {
  using traversal::PunchSource;
  traversal::PunchTerms terms;
  terms.round = static_cast<uint32_t>(reader.uint(UINT32_MAX));
  terms.source = static_cast<PunchSource>(reader.uint(static_cast<uint8_t>(PunchSource::fresh)));
  ByteView address = reader.bin_exact(roster::address_size);
  int64_t step = reader.integer();
  bool go = reader.boolean();
  bool counts = terms.source == PunchSource::counting;
  bool right = terms.source >= PunchSource::fixed && step >= -limits::port_step && step <= limits::port_step && counts == (step != 0);
  if (!reader.ok() || !right) return reader.refuse(), Punch();
  terms.address = roster::decode_address(address);
  if (!names_a_host(terms.address)) return reader.refuse(), Punch();
  terms.step = static_cast<int16_t>(step);
  return {terms, go};
}

PairRequest read_pair_request(msgpack::Reader& reader) {
  PairRequest request;
  roster::read_id(reader, request.device);
  request.name = display_name(reader);
  ByteView signature = reader.bin_exact(request.signature.size());
  std::copy(signature.begin(), signature.end(), request.signature.begin());
  return request;
}

PairGrant read_pair_grant(msgpack::Reader& reader) {
  PairGrant grant{display_name(reader), display_name(reader), {}};
  grant.certificate = to_bytes(reader.bin(certificate_longest));
  return grant;
}

std::optional<ControlMessage> read_fields(Type type, msgpack::Reader& reader, bool all) {
  switch (type) {
    case Type::offer: return read_offer(reader, all);
    case Type::rekey: return Rekey{read_half(reader)};
    case Type::rekey_answer: return RekeyAnswer{read_half(reader)};
    case Type::revoked: return Revoked{std::string(reader.str(limits::text_bytes))};
    case Type::pair_request: return read_pair_request(reader);
    case Type::pair_grant: return read_pair_grant(reader);
    case Type::pair_done: return PairDone{};
    case Type::leave: return Leave{};
    case Type::hello: return Hello{display_name(reader)};
    case Type::candidates: return read_candidates(reader, all);
    case Type::incarnation: return read_incarnation(reader);
    case Type::punch: return read_punch(reader);
    case Type::audit_head: return read_audit_head(reader);
  }
  return std::nullopt;
}

struct FieldCount {
  size_t least, most;
};
// The last field of an offer and of candidates came later: who does not send it does not know its network.
constexpr FieldCount fields_of(Type type) {
  constexpr FieldCount counts[] = {{0, 0}, {4, 5}, {2, 2}, {2, 2}, {1, 1}, {3, 3}, {3, 3}, {0, 0}, {0, 0}, {1, 1}, {1, 2}, {3, 3}, {5, 5}, {4, 4}};
  return counts[static_cast<size_t>(type)];
}

}  // namespace

Bytes encode(const ControlMessage& message) {
  Encoder encoder;
  std::visit(encoder, message);
  return std::move(encoder.payload);
}

std::optional<ControlMessage> parse_control_message(ByteView payload) {
  msgpack::Reader reader(payload);
  size_t fields = reader.array(8);
  auto type = static_cast<Type>(reader.uint(static_cast<uint8_t>(Type::audit_head)));
  if (!reader.ok() || type < Type::offer || fields < fields_of(type).least + 1 || fields > fields_of(type).most + 1) return std::nullopt;
  auto message = read_fields(type, reader, fields == fields_of(type).most + 1);
  if (!reader.done()) return std::nullopt;
  return message;
}

}  // namespace drawbridge::tunnel
