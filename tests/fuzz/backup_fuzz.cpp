// Backup files. The first byte says what follows: a whole file (even), or the content of one (odd), which is sealed here,
// as only the holder of the 24 words could.
#include <algorithm>

#include "keys/aead.hpp"
#include "protocol/backup/backup.hpp"
#include "protocol/roster/records.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/sim/seeded_entropy.hpp"

using namespace drawbridge;
using namespace drawbridge::backup;

namespace {

constexpr size_t header_size = 18 + 1 + 8 + xchacha_nonce_size;

const Secret32& key() {
  static const Secret32 one;
  return one;
}

Bytes sample() {
  sim::SeededEntropy entropy(3);
  Backup backup{{{1, 2}}, {1000}, {roster::to_row(ServiceDefinition{"db", "tcp", "127.0.0.1:5432", 5432}), {RowKind::audit, Bytes(8, 1), Bytes(30, 2)}}};
  roster::Revocation revocation;
  revocation.name = "Laptop";
  backup.rows.push_back(roster::to_row(revocation));
  return seal(backup, key(), entropy);
}

Bytes seal_content(ByteView content) {
  static const Bytes file = sample();
  Bytes out = to_bytes(ByteView(file).first(header_size));
  out.resize(header_size + content.size() + aead_tag_size);
  ByteView head = ByteView(out).first(header_size);
  xchacha_seal(MutableBytes(out).subspan(header_size), content, XchachaNonce(head.last(xchacha_nonce_size)), head, key());
  return out;
}

Bytes content_of(ByteView file) {
  Bytes content(file.size() - header_size - aead_tag_size);
  ByteView head = file.first(header_size);
  fuzz::require(xchacha_open(content, file.subspan(header_size), XchachaNonce(head.last(xchacha_nonce_size)), head, key()), "the sample opens");
  return content;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  ByteView rest(data + 1, size - 1);
  bool whole = data[0] % 2 == 0;
  auto backup = open(whole ? to_bytes(rest) : seal_content(rest), key());
  if (!backup) return fuzz::require(!backup.error().message.empty() && !backup.error().remedy.empty(), "a refusal says why and what to do"), 0;
  for (const Row& row : backup->rows) fuzz::require(row.value.has_value(), "a row of a backup has a value");
  // Over a state that has some of them already.
  std::vector<Row> present(backup->rows.begin(), backup->rows.begin() + static_cast<ptrdiff_t>(backup->rows.size() / 2));
  fuzz::require(merge(present, *backup).rows.size() <= 2 * backup->rows.size() + 8, "restoring writes no more than there is");
  return 0;
}

std::vector<Bytes> fuzz::samples() {
  Bytes file = sample();
  return {of_kind(0, file), of_kind(1, content_of(file))};
}
