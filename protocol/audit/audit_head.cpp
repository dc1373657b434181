#include "protocol/audit/audit_head.hpp"

#include "protocol/roster/record_fields.hpp"

namespace drawbridge::audit {
namespace {

constexpr std::string_view signature_purpose = "drawbridge/1 audit head";
constexpr size_t head_fields = 4;

void append_number(Bytes& text, uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) text.push_back(static_cast<uint8_t>(number >> shift));
}

Bytes signed_text(const Head& head) {
  Bytes text = to_bytes(as_bytes(signature_purpose));
  append_number(text, head.sequence);
  append(text, head.hash);
  append_number(text, static_cast<uint64_t>(head.time.unix_ms));
  return text;
}

void write_head(msgpack::Writer& writer, const Head& head) {
  writer.array(head_fields).uint(head.sequence).bin(head.hash).integer(head.time.unix_ms).bin(head.signature);
}

Head read_head(msgpack::Reader& reader) {
  Head head;
  reader.array_exact(head_fields);
  head.sequence = reader.uint();
  roster::read_bytes(reader, head.hash);
  head.time = {reader.integer()};
  roster::read_bytes(reader, head.signature);
  return head;
}

}  // namespace

Head sign_head(const Identity& office, uint64_t sequence, const ChainHash& hash, WallTime time) {
  Head head{sequence, hash, time, {}};
  head.signature = sign(office, signed_text(head));
  return head;
}

bool is_signed_by(const Head& head, const DeviceId& office) { return verify(office, signed_text(head), head.signature); }

KeptHead::Verdict KeptHead::meet(const Head& head) {
  if (head.sequence > newest.sequence) {
    newest = head;
    return Verdict::kept;
  }
  bool same = head.sequence == newest.sequence && head.hash == newest.hash;
  if (same) return Verdict::unchanged;
  if (disputed && disputed->sequence == head.sequence && disputed->hash == head.hash) return Verdict::unchanged;
  disputed = head;
  return Verdict::disputed;
}

Row to_row(const KeptHead& kept, const DeviceId& office) {
  Bytes value;
  msgpack::Writer writer = roster::begin_record(value, 3);
  writer.bin(office.bytes);
  write_head(writer, kept.newest);
  writer.array(kept.disputed ? 1 : 0);
  if (kept.disputed) write_head(writer, *kept.disputed);
  return {RowKind::audit_head, to_bytes(office.bytes), std::move(value)};
}

std::optional<RememberedHead> parse_kept_head(ByteView value) {
  msgpack::Reader reader(value);
  roster::expect_record(reader, 3);
  RememberedHead out;
  roster::read_id(reader, out.office);
  out.kept.newest = read_head(reader);
  if (reader.array(1) == 1) out.kept.disputed = read_head(reader);
  return reader.done() ? std::optional(out) : std::nullopt;
}

}  // namespace drawbridge::audit
