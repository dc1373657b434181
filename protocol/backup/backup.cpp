#include "protocol/backup/backup.hpp"

#include <algorithm>

#include "keys/aead.hpp"
#include "protocol/wire/msgpack.hpp"

namespace drawbridge::backup {
namespace {

constexpr std::string_view magic = "drawbridge backup\n";
constexpr uint8_t version = 1;
constexpr size_t version_offset = magic.size();
constexpr size_t time_offset = version_offset + 1;
constexpr size_t nonce_offset = time_offset + 8;
constexpr size_t header_size = nonce_offset + xchacha_nonce_size;
constexpr size_t largest_row = 1024 * 1024;
constexpr size_t row_overhead = 16;  // msgpack's heads, at most

size_t size_of(const Row& row) { return row.key.size() + row.value->size() + row_overhead; }

// All rows but audit records, then as many of the newest of those as fit.
std::vector<const Row*> rows_that_fit(const std::vector<Row>& rows) {
  std::vector<const Row*> chosen, audit;
  size_t total = header_size + 64 + aead_tag_size;
  for (const Row& row : rows) {
    bool is_audit = row.kind == RowKind::audit;
    (is_audit ? audit : chosen).push_back(&row);
    if (!is_audit) total += size_of(row);
  }
  std::sort(audit.begin(), audit.end(), [](const Row* a, const Row* b) { return a->key > b->key; });
  for (const Row* row : audit) {
    total += size_of(*row);
    if (total > largest_backup) break;
    chosen.push_back(row);
  }
  return chosen;
}

Bytes encode(const Backup& backup) {
  Bytes out;
  msgpack::Writer writer(out);
  auto rows = rows_that_fit(backup.rows);
  writer.array(2).bin(backup.node.bytes).array(rows.size());
  for (const Row* row : rows) writer.array(3).uint(static_cast<uint64_t>(row->kind)).bin(row->key).bin(*row->value);
  return out;
}

Result<Backup> decode(ByteView bytes) {
  Backup out;
  msgpack::Reader reader(bytes);
  reader.array_exact(2);
  ByteView id = reader.bin_exact(out.node.bytes.size());
  if (!id.empty()) std::copy(id.begin(), id.end(), out.node.bytes.begin());
  size_t count = reader.array(SIZE_MAX);
  for (size_t i = 0; i < count && reader.ok(); ++i) {
    reader.array_exact(3);
    Row row;
    row.kind = static_cast<RowKind>(reader.uint(UINT8_MAX));
    row.key = to_bytes(reader.bin(largest_row));
    row.value = to_bytes(reader.bin(largest_row));
    out.rows.push_back(std::move(row));
  }
  if (!reader.done()) return Error{ErrorCode::malformed, "This backup was sealed with the right words, but is damaged within.", "Choose another file that 'drawbridge backup' wrote."};
  return out;
}

Bytes header(WallTime created_at, Entropy& entropy) {
  Bytes out = to_bytes(as_bytes(magic));
  out.push_back(version);
  auto time = static_cast<uint64_t>(created_at.unix_ms);
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(time >> shift));
  out.resize(header_size);
  entropy.fill(MutableBytes(out).subspan(nonce_offset));
  return out;
}

int64_t read_time(ByteView bytes) {
  uint64_t time = 0;
  for (uint8_t byte : bytes.subspan(time_offset, 8)) time = time << 8 | byte;
  return static_cast<int64_t>(time);
}

Result<void> check_header(ByteView bytes) {
  bool is_backup = bytes.size() >= header_size + aead_tag_size && bytes.size() <= largest_backup && equal(bytes.first(magic.size()), as_bytes(magic));
  if (!is_backup) return Error{ErrorCode::malformed, "This is not a Drawbridge backup.", "Choose a file that 'drawbridge backup' wrote."};
  if (bytes[version_offset] == version) return {};
  return Error{ErrorCode::malformed, "This backup was written by a newer version of Drawbridge.", "Install that version, then restore again."};
}

}  // namespace

Bytes seal(const Backup& backup, const Secret32& key, Entropy& entropy) {
  Bytes plain = encode(backup);
  Bytes out = header(backup.created_at, entropy);
  out.resize(header_size + plain.size() + aead_tag_size);
  MutableBytes all(out);
  ByteView head = ByteView(out).first(header_size);
  xchacha_seal(all.subspan(header_size), plain, XchachaNonce(head.subspan(nonce_offset)), head, key);
  wipe(plain);
  return out;
}

Result<Backup> open(ByteView bytes, const Secret32& key) {
  if (auto checked = check_header(bytes); !checked) return checked.error();
  ByteView head = bytes.first(header_size), sealed = bytes.subspan(header_size);
  Bytes plain(sealed.size() - aead_tag_size);
  if (!xchacha_open(plain, sealed, XchachaNonce(head.subspan(nonce_offset)), head, key)) {
    return Error{ErrorCode::authentication, "This backup belongs to other words, or was altered.",
                 "Use the 24 words of the computer that wrote it: drawbridge init --restore"};
  }
  auto backup = decode(plain);
  wipe(plain);
  if (backup) backup->created_at.unix_ms = read_time(bytes);
  return backup;
}

}  // namespace drawbridge::backup
