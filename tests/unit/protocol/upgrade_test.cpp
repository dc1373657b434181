#include "protocol/upgrade.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/protocol/roster/version_1.hpp"

using namespace drawbridge;
using audit::RecordType;

namespace {

constexpr DeviceId phone{{1}}, laptop{{2}};

// A state as version 1 has left it: its rows, with a trail that is chained.
struct Version1 {
  void record(RecordType type, const DeviceId& device, int64_t time) {
    audit::Record record{.sequence = ++node.audit_sequence, .time = {time}, .type = type, .device = device};
    audit::Link link = audit::encode(record, node.audit_hash);
    node.audit_hash = link.hash;
    put(audit::to_row(record, link));
  }
  void revocation(const DeviceId& device, int64_t time, std::optional<int64_t> last_seen = {}) {
    roster::Revocation revocation{.device = device, .name = "phone", .reason = "lost", .revoked_at = {time}};
    if (last_seen) revocation.last_seen = WallTime{*last_seen};
    put(roster::version_1_row(revocation));
    record(RecordType::revoked, device, time);
  }
  void put(const Row& row) { rows[{row.kind, row.key}] = *row.value; }

  UpgradeTo2 upgraded() {
    put(roster::to_row(node));
    UpgradeTo2 upgrade;
    for (const auto& [key, value] : rows) upgrade.handle_row(key.first, key.second, value);
    return upgrade;
  }
  // The revocations after it, oldest first.
  std::vector<roster::Revocation> completed() {
    std::vector<roster::Revocation> all;
    for (const Row& row : upgraded().completed_revocations()) all.push_back(*roster::parse_revocation(*row.value));
    return all;
  }

  std::map<std::pair<RowKind, Bytes>, Bytes> rows;
  roster::NodeState node;
};

}  // namespace

TEST_CASE("a revocation of version 1 gets from the trail since when the device had access and when it was last here") {
  Version1 state;
  state.record(RecordType::paired, phone, 100);
  state.record(RecordType::connected, phone, 110);
  state.record(RecordType::paired, laptop, 120);
  state.record(RecordType::flow_opened, phone, 130);
  state.record(RecordType::disconnected, phone, 900);  // it was given up then; gone it may have been long before
  state.record(RecordType::connected, laptop, 950);
  state.revocation(phone, 1000);
  auto completed = state.completed();
  REQUIRE(completed.size() == 1);
  CHECK(completed[0].paired_at == WallTime{100});
  CHECK(completed[0].last_seen == WallTime{130});
  CHECK(completed[0].reason == "lost");
  CHECK_FALSE(completed[0].grants);
}

TEST_CASE("what the revocation itself says of when the device was last here stays") {
  Version1 state;
  state.record(RecordType::paired, phone, 100);
  state.record(RecordType::connected, phone, 110);
  state.revocation(phone, 1000, 990);
  REQUIRE(state.completed().size() == 1);
  CHECK(state.completed()[0].last_seen == WallTime{990});
}

TEST_CASE("a device that was paired and revoked twice has the dates of each time, also after the clock went back") {
  Version1 state;
  state.record(RecordType::paired, phone, 100);
  state.revocation(phone, 1000);
  state.record(RecordType::paired, phone, 500);
  state.revocation(phone, 600);
  auto completed = state.completed();
  REQUIRE(completed.size() == 2);  // by key, which ends in the date
  CHECK(completed[0].paired_at == WallTime{500});
  CHECK(completed[0].revoked_at == WallTime{600});
  CHECK(completed[1].paired_at == WallTime{100});
  CHECK(completed[1].revoked_at == WallTime{1000});
}

TEST_CASE("of a pairing whose records were pruned nothing is made up") {
  Version1 state;
  state.revocation(phone, 1000);
  CHECK(state.completed().empty());
  state.record(RecordType::paired, laptop, 1100);
  state.revocation(laptop, 1200);
  state.revocation(laptop, 1300);  // its record of pairing is not there: not the one before
  REQUIRE(state.completed().size() == 1);
  CHECK(state.completed()[0].revoked_at == WallTime{1200});
}

TEST_CASE("an upgrade puts its own record at the trail's end, and the chain goes on from it") {
  Version1 state;
  state.record(RecordType::paired, phone, 100);
  state.revocation(phone, 1000);
  auto rows = state.upgraded().rows({2000});
  REQUIRE(rows);
  for (const Row& row : *rows) state.put(row);
  audit::ChainVerifier verifier;
  for (const auto& [key, value] : state.rows) {
    if (key.first == RowKind::audit) CHECK(verifier.add(verifier.sequence() + 1, value));
  }
  auto node = roster::parse_node_state(state.rows.at({RowKind::node, {}}));
  CHECK(verifier.sequence() == 3);
  CHECK(node->audit_sequence == 3);
  CHECK(node->audit_hash == verifier.head());
  auto last = audit::parse(state.rows.at({RowKind::audit, audit::sequence_key_bytes(3)}));
  CHECK(last->record.type == RecordType::upgraded);
  CHECK(last->record.time == WallTime{2000});
  CHECK(last->record.detail == "state 1 to 2: dates completed of 1 of 1 revocations");
}

TEST_CASE("an empty state needs nothing, and one whose own row cannot be read is left alone") {
  CHECK(UpgradeTo2().rows({1})->empty());
  UpgradeTo2 damaged;
  damaged.handle_row(RowKind::node, {}, Bytes{0x93, 1});
  CHECK_FALSE(damaged.rows({1}));
}
