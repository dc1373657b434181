#include "protocol/audit/checkpoint.hpp"

#include <catch2/catch.hpp>

#include "keys/hash.hpp"
#include "protocol/roster/records.hpp"

using namespace drawbridge;
using namespace drawbridge::audit;

namespace {

Identity office() { return identity_from_seed(Secret32(std::array<uint8_t, 32>{7})); }

// Records whose times are given, in milliseconds.
std::vector<Bytes> chain_of(const std::vector<int64_t>& times) {
  std::vector<Bytes> records;
  ChainHash head{};
  for (int64_t time : times) {
    Link link = encode({.sequence = records.size() + 1, .time = {time}, .type = RecordType::connected}, head);
    head = link.hash;
    records.push_back(link.bytes);
  }
  return records;
}

struct Pruned {
  uint64_t count;
  std::string error;
};
Pruned prune(const std::vector<Bytes>& records, int64_t before, uint64_t first = 1, const std::optional<Checkpoint>& start = {}) {
  OlderRecords older({before}, start);
  for (size_t i = 0; i < records.size() && older.add(first + i, records[i]);) ++i;
  return {older.count(), older.error()};
}

}  // namespace

TEST_CASE("a checkpoint survives its row, and its signature holds every field") {
  Checkpoint checkpoint = sign_checkpoint(office(), 8, {1, 2}, {1000}, {2000});
  auto parsed = parse_checkpoint(*to_row(checkpoint).value);
  REQUIRE(parsed);
  CHECK(*parsed == checkpoint);
  CHECK(is_signed_by(*parsed, office().id));
  for (int field = 0; field < 4; ++field) {
    Checkpoint changed = checkpoint;
    if (field == 0) ++changed.sequence;
    if (field == 1) changed.hash[31] ^= 1;
    if (field == 2) ++changed.until.unix_ms;
    if (field == 3) ++changed.time.unix_ms;
    CAPTURE(field);
    CHECK_FALSE(is_signed_by(changed, office().id));
  }
  CHECK_FALSE(parse_checkpoint(Bytes{1, 2, 3}));
}

TEST_CASE("records older than the date are pruned, up to the first that is not, however the clock went") {
  CHECK(prune(chain_of({100, 200, 300}), 50).count == 0);
  CHECK(prune(chain_of({100, 200, 300}), 300).count == 2);
  CHECK(prune(chain_of({100, 200, 300}), 301).count == 3);
  CHECK(prune(chain_of({100, 900, 200}), 300).count == 1);
  CHECK(prune({}, 300).count == 0);
}

TEST_CASE("what does not fit together is not pruned but named") {
  auto records = chain_of({100, 200, 300, 400});
  records[1] = encode({.sequence = 2, .time = {200}, .type = RecordType::renamed}, parse(records[1])->previous).bytes;
  CHECK(prune(records, 1000).error == "a record before record 3 was changed");
  // The first record that stays is looked at, too.
  CHECK(prune(records, 250).error == "a record before record 3 was changed");
}

TEST_CASE("a trail that begins with a checkpoint is followed from it") {
  auto records = chain_of({100, 200, 300, 400});
  Checkpoint start = sign_checkpoint(office(), 2, blake2b_256({records[1]}), {200}, {500});
  std::vector<Bytes> rest(records.begin() + 2, records.end());
  CHECK(prune(rest, 350, 3, start).count == 1);
  CHECK_FALSE(prune(rest, 350, 3).error.empty());
  start.hash[0] ^= 1;
  CHECK(prune(rest, 350, 3, start).error == "a record before record 3 was changed");
  ChainVerifier from(2, blake2b_256({records[1]}));
  CHECK(from.add(3, records[2]));
  CHECK(from.add(4, records[3]));
}
