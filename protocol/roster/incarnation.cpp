#include "protocol/roster/incarnation.hpp"

#include "protocol/roster/record_fields.hpp"

namespace drawbridge::roster {
namespace {

constexpr std::string_view signature_purpose = "drawbridge/1 incarnation";

Bytes signed_text(uint64_t boot_id, const InstanceId& instance) {
  Bytes text = to_bytes(as_bytes(signature_purpose));
  for (int shift = 56; shift >= 0; shift -= 8) text.push_back(static_cast<uint8_t>(boot_id >> shift));
  append(text, instance);
  return text;
}

}  // namespace

Incarnation sign_incarnation(const Identity& office, uint64_t boot_id, const InstanceId& instance) {
  return {boot_id, instance, sign(office, signed_text(boot_id, instance))};
}

bool is_signed_by(const Incarnation& incarnation, const DeviceId& office) {
  return verify(office, signed_text(incarnation.boot_id, incarnation.instance), incarnation.signature);
}

bool displaces(const Incarnation& other, const Incarnation& own) {
  return other.instance != own.instance && other.boot_id > own.boot_id;
}

Row to_row(const Incarnation& incarnation, const DeviceId& office) {
  Bytes value;
  begin_record(value, 4).bin(office.bytes).uint(incarnation.boot_id).bin(incarnation.instance).bin(incarnation.signature);
  return {RowKind::incarnation, incarnation_key_bytes(office), std::move(value)};
}

std::optional<RememberedIncarnation> parse_incarnation(ByteView value) {
  msgpack::Reader reader(value);
  expect_record(reader, 4);
  RememberedIncarnation out;
  read_id(reader, out.office);
  out.incarnation.boot_id = reader.uint();
  read_bytes(reader, out.incarnation.instance);
  read_bytes(reader, out.incarnation.signature);
  return reader.done() ? std::optional(out) : std::nullopt;
}

Bytes incarnation_key_bytes(const DeviceId& office) { return to_bytes(office.bytes); }

Row to_row(const Instance& instance) {
  Bytes value;
  begin_record(value, 3).bin(instance.id).bin(instance.machine).uint(instance.displaced_by);
  return {RowKind::instance, {}, std::move(value)};
}

std::optional<Instance> parse_instance(ByteView value) {
  msgpack::Reader reader(value);
  expect_record(reader, 3);
  Instance out;
  read_bytes(reader, out.id);
  read_bytes(reader, out.machine);
  out.displaced_by = reader.uint();
  return reader.done() ? std::optional(out) : std::nullopt;
}

}  // namespace drawbridge::roster
