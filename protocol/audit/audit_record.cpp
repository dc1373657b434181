#include "protocol/audit/audit_record.hpp"

#include <algorithm>

#include "keys/hash.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/roster/record_fields.hpp"

namespace drawbridge::audit {
namespace {

constexpr uint64_t layout = 1;
constexpr size_t fields = 11;

}  // namespace

const char* type_name(RecordType type) {
  switch (type) {
    case RecordType::paired: return "paired";
    case RecordType::granted: return "granted";
    case RecordType::denied: return "denied";
    case RecordType::renamed: return "renamed";
    case RecordType::revoked: return "revoked";
    case RecordType::forgotten: return "forgotten";
    case RecordType::connected: return "connected";
    case RecordType::disconnected: return "disconnected";
    case RecordType::flow_opened: return "flow_opened";
    case RecordType::flow_closed: return "flow_closed";
    case RecordType::refused: return "refused";
    case RecordType::service_exposed: return "service_exposed";
    case RecordType::service_removed: return "service_removed";
    case RecordType::invitation_created: return "invitation_created";
    case RecordType::invitation_cancelled: return "invitation_cancelled";
    case RecordType::used_in_two_places: return "used_in_two_places";
    case RecordType::counter_reset: return "counter_reset";
    case RecordType::restored: return "restored";
    case RecordType::not_saved: return "not_saved";
    case RecordType::relay_added: return "relay_added";
    case RecordType::relay_removed: return "relay_removed";
    case RecordType::address_added: return "address_added";
    case RecordType::address_removed: return "address_removed";
    case RecordType::displaced: return "displaced";
    case RecordType::taken_over: return "taken_over";
    case RecordType::trail_disputed: return "trail_disputed";
    case RecordType::pruned: return "pruned";
    case RecordType::asked_by_device: return "asked_by_device";
    case RecordType::upgraded: return "upgraded";
  }
  return "unknown";
}

Link encode(const Record& r, const ChainHash& previous) {
  Link link;
  msgpack::Writer writer(link.bytes);
  writer.array(fields).uint(layout).uint(r.sequence).integer(r.time.unix_ms).uint(static_cast<uint8_t>(r.type)).bin(previous);
  if (r.device) writer.bin(r.device->bytes);
  else writer.nil();
  writer.str(r.device_name).str(r.service).str(utf8_prefix(r.detail, limits::text_bytes)).uint(r.sent).uint(r.received);
  link.hash = blake2b_256({link.bytes});
  return link;
}

std::optional<Parsed> parse(ByteView bytes) {
  msgpack::Reader reader(bytes);
  Parsed parsed;
  Record& r = parsed.record;
  reader.array_exact(fields);
  if (reader.uint() != layout) reader.refuse();
  r.sequence = reader.uint();
  r.time.unix_ms = reader.integer();
  r.type = static_cast<RecordType>(reader.uint(UINT8_MAX));
  ByteView previous = reader.bin_exact(parsed.previous.size());
  if (!reader.nil()) roster::read_id(reader, r.device.emplace());
  r.device_name = std::string(reader.str(limits::name_bytes));
  r.service = std::string(reader.str(limits::service_name_bytes));
  r.detail = std::string(reader.str(limits::text_bytes));
  r.sent = reader.uint();
  r.received = reader.uint();
  if (!reader.done()) return std::nullopt;
  std::copy(previous.begin(), previous.end(), parsed.previous.begin());
  return parsed;
}

bool ChainVerifier::add(uint64_t sequence, ByteView bytes) {
  if (!error_.empty()) return false;
  std::string place = "record " + std::to_string(sequence);
  auto parsed = parse(bytes);
  if (!parsed) error_ = place + " is damaged";
  else if (sequence != sequence_ + 1 || parsed->record.sequence != sequence) error_ = "a record is missing before " + place;
  else if (parsed->previous != head_) error_ = "a record before " + place + " was changed";
  if (!error_.empty()) return false;
  sequence_ = sequence;
  head_ = blake2b_256({bytes});
  return true;
}

Bytes sequence_key_bytes(uint64_t sequence) {
  Bytes key(8);
  for (size_t i = 0; i < 8; ++i) key[7 - i] = static_cast<uint8_t>(sequence >> (8 * i));
  return key;
}

Row to_row(const Record& record, const Link& link) {
  return {RowKind::audit, sequence_key_bytes(record.sequence), link.bytes};
}

}  // namespace drawbridge::audit
