#include "protocol/backup/backup.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

#include "protocol/audit/audit_record.hpp"
#include "protocol/quic/key_schedule.hpp"
#include "protocol/roster/records.hpp"
#include "tests/unit/fixed_entropy.hpp"
#include "tests/unit/protocol/roster/version_1.hpp"

using namespace drawbridge;
using namespace drawbridge::backup;

namespace {

Secret32 key_of(uint8_t byte) {
  Secret32 key;
  std::fill(key.reveal_mutable().begin(), key.reveal_mutable().end(), byte);
  return key;
}

Row relation(uint8_t number, PeerRole role = PeerRole::device, const std::string& name = "peer") {
  roster::Relation relation;
  relation.key = {role, {{number}}};
  relation.name = name;
  relation.psk = key_of(number);
  return roster::to_row(relation);
}

// Of device 1, by its pairing.
Row paired(const Secret32& psk, int64_t time) {
  roster::Relation relation;
  relation.key = {PeerRole::device, {{1}}};
  relation.psk = psk;
  relation.paired_at = {time};
  return roster::to_row(relation);
}

Row revocation(uint8_t number, const Secret32& psk, int64_t time = 1000) {
  roster::Revocation revocation;
  revocation.device = {{number}};
  revocation.name = "lost";
  revocation.revoked_at = {time};
  revocation.knock_tag = quic::derive_pair_keys(psk).knock_tag;
  return roster::to_row(revocation);
}

Row revocation(uint8_t number) { return revocation(number, key_of(number)); }

Row state(uint64_t boot_id) {
  roster::NodeState state;
  state.boot_id = boot_id;
  return roster::to_row(state);
}

bool holds(const std::vector<Row>& rows, const Row& wanted) {
  return std::any_of(rows.begin(), rows.end(), [&](const Row& row) { return row.kind == wanted.kind && row.key == wanted.key && row.value == wanted.value; });
}

bool deletes(const std::vector<Row>& rows, const Row& gone) {
  return std::any_of(rows.begin(), rows.end(), [&](const Row& row) { return row.kind == gone.kind && row.key == gone.key && !row.value; });
}

}  // namespace

TEST_CASE("a backup opens with the key of the same words and holds every row") {
  FixedEntropy entropy(Bytes(24, 9));
  Backup backup{{{7}}, {1234}, {relation(1), relation(2, PeerRole::office), state(3)}};
  auto opened = backup::open(seal(backup, key_of(1), entropy), key_of(1));
  REQUIRE(opened.ok());
  CHECK(opened->node == backup.node);
  CHECK(opened->created_at == backup.created_at);
  REQUIRE(opened->rows.size() == 3);
  for (const Row& row : backup.rows) CHECK(holds(opened->rows, row));
}

TEST_CASE("other words or any altered byte are refused") {
  FixedEntropy entropy(Bytes(24, 9));
  Bytes sealed = seal({{{7}}, {1234}, {relation(1)}}, key_of(1), entropy);
  CHECK(backup::open(sealed, key_of(2)).error().code == ErrorCode::authentication);
  for (size_t i = 0; i < sealed.size(); ++i) {
    Bytes altered = sealed;
    altered[i] ^= 1;
    CHECK_FALSE(backup::open(altered, key_of(1)).ok());
  }
  for (size_t length = 0; length < sealed.size(); length += 5) CHECK_FALSE(backup::open(ByteView(sealed).first(length), key_of(1)).ok());
  CHECK(backup::open({}, key_of(1)).error().code == ErrorCode::malformed);
}

TEST_CASE("audit records that do not fit are left out, the oldest first") {
  FixedEntropy entropy(Bytes(24, 9));
  Backup backup{{{7}}, {1}, {relation(1)}};
  for (uint8_t i = 0; i < 20; ++i) backup.rows.push_back({RowKind::audit, {0, 0, 0, 0, 0, 0, 0, i}, Bytes(1'000'000)});
  Bytes sealed = seal(backup, key_of(1), entropy);
  CHECK(sealed.size() <= largest_backup);
  auto rows = backup::open(sealed, key_of(1))->rows;
  CHECK(holds(rows, relation(1)));
  CHECK(holds(rows, backup.rows.back()));
  CHECK_FALSE(holds(rows, backup.rows[1]));
}

TEST_CASE("restoring into an empty state brings everything but invitations back") {
  roster::Invitation invitation;
  invitation.id = 5;
  Backup backup{{}, {}, {relation(1), relation(2, PeerRole::office), revocation(3), state(10), roster::to_row(invitation),
                         roster::to_row(roster::OwnAddress{1, {"office.example", 7470}})}};
  Merged merged = merge({}, backup);
  CHECK(merged.devices == 1);
  CHECK(merged.offices == 1);
  CHECK(merged.revocations == 1);
  CHECK(holds(merged.rows, relation(1)));
  CHECK(holds(merged.rows, roster::to_row(roster::OwnAddress{1, {"office.example", 7470}})));
  CHECK_FALSE(holds(merged.rows, roster::to_row(invitation)));
}

TEST_CASE("a device that either side has revoked does not come back, and loses its place") {
  Merged revoked_here = merge({revocation(1)}, {{}, {}, {relation(1)}});
  CHECK_FALSE(holds(revoked_here.rows, relation(1)));
  CHECK(revoked_here.devices == 0);
  CHECK(revoked_here.revocations == 1);

  Merged revoked_there = merge({relation(1)}, {{}, {}, {revocation(1)}});
  CHECK(deletes(revoked_there.rows, relation(1)));
  CHECK(revoked_there.devices == 0);
}

TEST_CASE("a device that was paired again stays and comes back, revoked keys do neither, whatever the dates say") {
  Secret32 first = key_of(1), second = key_of(2);
  for (int64_t time : {5, 1000, 2000}) {  // revoked at 1000
    CAPTURE(time);
    Row again = paired(second, time), lost = paired(first, time);
    CHECK(holds(merge({revocation(1, first)}, {{}, {}, {again}}).rows, again));
    CHECK(merge({revocation(1, first)}, {{}, {}, {lost}}).devices == 0);
    Merged known_there = merge({again}, {{}, {}, {revocation(1, first)}});
    CHECK(known_there.devices == 1);
    CHECK_FALSE(deletes(known_there.rows, again));
    Merged revoked_there = merge({lost}, {{}, {}, {revocation(1, first)}});
    CHECK(revoked_there.devices == 0);
    CHECK(deletes(revoked_there.rows, lost));
    CHECK(merge({revocation(1, first), again}, {{}, {}, {revocation(1, first), lost}}).devices == 1);
  }
}

TEST_CASE("a later pairing takes the place of the revoked one that is here") {
  Row lost = paired(key_of(1), 2000), again = paired(key_of(2), 5);
  Merged merged = merge({lost}, {{}, {}, {revocation(1, key_of(1)), again}});
  CHECK(merged.devices == 1);
  auto last = std::find_if(merged.rows.rbegin(), merged.rows.rend(), [](const Row& row) { return row.kind == RowKind::relation; });
  REQUIRE(last != merged.rows.rend());
  CHECK(last->value == again.value);
}

TEST_CASE("each of a device's revocations counts, in either state") {
  Secret32 first = key_of(1), second = key_of(2), third = key_of(3);
  std::vector<Row> twice{revocation(1, first, 1000), revocation(1, second, 900)};
  for (const Secret32& psk : {first, second}) CHECK(merge(twice, {{}, {}, {paired(psk, 2000)}}).devices == 0);
  CHECK(merge(twice, {{}, {}, {paired(third, 5)}}).devices == 1);
  for (const Secret32& psk : {first, second}) CHECK(deletes(merge({paired(psk, 2000)}, {{}, {}, twice}).rows, paired(psk, 2000)));
}

TEST_CASE("a revocation from a backup of version 1 of the state gets the dates that the backup's trail tells") {
  roster::Revocation old{.device = {{1}}, .name = "lost", .revoked_at = {1000}};
  audit::Record paired{.sequence = 1, .time = {400}, .type = audit::RecordType::paired, .device = old.device};
  audit::Record revoked{.sequence = 2, .time = {1000}, .type = audit::RecordType::revoked, .device = old.device};
  audit::Link first = audit::encode(paired, {}), second = audit::encode(revoked, first.hash);
  Row here{RowKind::audit, audit::sequence_key_bytes(1), Bytes{3}};  // a trail goes on here: only the revocation comes back
  Merged merged = merge({here}, {{}, {}, {roster::version_1_row(old), audit::to_row(paired, first), audit::to_row(revoked, second)}});
  old.paired_at = WallTime{400};
  CHECK(holds(merged.rows, roster::to_row(old)));
  CHECK(merged.revocations == 1);
}

TEST_CASE("what is there is newer than the backup and wins") {
  Merged merged = merge({relation(1, PeerRole::device, "renamed")}, {{}, {}, {relation(1), relation(2)}});
  CHECK_FALSE(holds(merged.rows, relation(1)));
  CHECK(holds(merged.rows, relation(2)));
  CHECK(merged.devices == 2);
}

TEST_CASE("a trail comes back from a backup together with the checkpoint that it begins with, or not at all") {
  Row checkpoint{RowKind::audit_checkpoint, {}, Bytes{1}}, record{RowKind::audit, {0, 0, 0, 0, 0, 0, 0, 9}, Bytes{2}};
  Merged fresh = merge({}, {{}, {}, {checkpoint, record}});
  CHECK(holds(fresh.rows, checkpoint));
  CHECK(holds(fresh.rows, record));
  Merged going_on = merge({{RowKind::audit, {0, 0, 0, 0, 0, 0, 0, 1}, Bytes{3}}}, {{}, {}, {checkpoint, record}});
  CHECK_FALSE(holds(going_on.rows, checkpoint));
  CHECK_FALSE(holds(going_on.rows, record));
}

TEST_CASE("peers see a start that they have not seen before") {
  Merged merged = merge({state(4)}, {{}, {}, {state(900)}});
  auto row = std::find_if(merged.rows.begin(), merged.rows.end(), [](const Row& entry) { return entry.kind == RowKind::node; });
  REQUIRE(row != merged.rows.end());
  CHECK(roster::parse_node_state(*row->value)->boot_id > 900 + 1000);
}

TEST_CASE("a backup says when it was made without the key, and of which version it is") {
  FixedEntropy entropy(Bytes(24, 9));
  Bytes sealed = seal({{{7}}, {0x0102030405}, {}}, key_of(1), entropy);
  CHECK(as_text(ByteView(sealed).first(18)) == "drawbridge backup\n");
  CHECK(to_hex(ByteView(sealed).subspan(18, 9)) == "010000000102030405");
  CHECK(entropy.drawn() == 24);
  sealed[18] = 2;
  CHECK(backup::open(sealed, key_of(1)).error().message.find("newer") != std::string::npos);
}

TEST_CASE("a date before 1970 and an empty state survive a backup") {
  FixedEntropy entropy(Bytes(24, 9));
  auto opened = backup::open(seal({{{7}}, {-1}, {}}, key_of(1), entropy), key_of(1));
  REQUIRE(opened);
  CHECK(opened->created_at.unix_ms == -1);
  CHECK(opened->rows.empty());
}
