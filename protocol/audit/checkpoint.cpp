#include "protocol/audit/checkpoint.hpp"

#include "protocol/roster/record_fields.hpp"

namespace drawbridge::audit {
namespace {

constexpr std::string_view signature_purpose = "drawbridge/1 audit checkpoint";
constexpr size_t checkpoint_fields = 5;

void append_number(Bytes& text, uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) text.push_back(static_cast<uint8_t>(number >> shift));
}

Bytes signed_text(const Checkpoint& checkpoint) {
  Bytes text = to_bytes(as_bytes(signature_purpose));
  append_number(text, checkpoint.sequence);
  append(text, checkpoint.hash);
  append_number(text, static_cast<uint64_t>(checkpoint.until.unix_ms));
  append_number(text, static_cast<uint64_t>(checkpoint.time.unix_ms));
  return text;
}

ChainVerifier verifier_from(const std::optional<Checkpoint>& start) {
  return start ? ChainVerifier(start->sequence, start->hash) : ChainVerifier();
}

}  // namespace

Checkpoint sign_checkpoint(const Identity& office, uint64_t sequence, const ChainHash& hash, WallTime until, WallTime time) {
  Checkpoint checkpoint{sequence, hash, until, time, {}};
  checkpoint.signature = sign(office, signed_text(checkpoint));
  return checkpoint;
}

bool is_signed_by(const Checkpoint& checkpoint, const DeviceId& office) {
  return verify(office, signed_text(checkpoint), checkpoint.signature);
}

Row to_row(const Checkpoint& checkpoint) {
  Bytes value;
  roster::begin_record(value, checkpoint_fields)
      .uint(checkpoint.sequence)
      .bin(checkpoint.hash)
      .integer(checkpoint.until.unix_ms)
      .integer(checkpoint.time.unix_ms)
      .bin(checkpoint.signature);
  return {RowKind::audit_checkpoint, {}, std::move(value)};
}

std::optional<Checkpoint> parse_checkpoint(ByteView value) {
  msgpack::Reader reader(value);
  roster::expect_record(reader, checkpoint_fields);
  Checkpoint checkpoint;
  checkpoint.sequence = reader.uint();
  roster::read_bytes(reader, checkpoint.hash);
  checkpoint.until = {reader.integer()};
  checkpoint.time = {reader.integer()};
  roster::read_bytes(reader, checkpoint.signature);
  return reader.done() ? std::optional(checkpoint) : std::nullopt;
}

Row prune_row(uint64_t last_sequence) {
  Row row{RowKind::audit, sequence_key_bytes(last_sequence), std::nullopt};
  row.and_all_before = true;
  return row;
}

OlderRecords::OlderRecords(WallTime before, const std::optional<Checkpoint>& start)
    : before_(before), verifier_(verifier_from(start)) {}

bool OlderRecords::add(uint64_t sequence, ByteView bytes) {
  if (!verifier_.add(sequence, bytes)) return false;
  if (!(parse(bytes)->record.time < before_)) return false;
  ++count_;
  last_ = to_bytes(bytes);
  return true;
}

}  // namespace drawbridge::audit
