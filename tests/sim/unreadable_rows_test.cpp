// Rows that a start cannot read: damaged, or of a newer version. They are told of and never lost.
#include "tests/sim/office_fixture.hpp"
#include "tests/sim/trail.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

namespace {

struct Damaged : Office {
  std::pair<RowKind, Bytes> key_of(RowKind kind) {
    for (const auto& [key, value] : office.disk) {
      if (key.first == kind) return key;
    }
    FAIL("there is no such row");
    return {};
  }
  // The row's bytes, of a layout that nobody knows yet.
  Bytes damage(RowKind kind) {
    Bytes& value = office.disk[key_of(kind)];
    value[1] = 77;
    return value;
  }
  Bytes kept(RowKind kind, const Bytes& key) {
    Bytes place{static_cast<uint8_t>(kind)};
    append(place, key);
    return office.disk[{RowKind::unreadable, place}];
  }
  void restart() {
    office.kill();
    office.start();
    world.run(1s);
  }
};

}  // namespace

TEST_CASE("a row that cannot be read is told of, and what was in it stays when its place is written anew") {
  Damaged o;
  auto [kind, key] = o.key_of(RowKind::service);
  o.office.kill();
  Bytes before = o.damage(kind);
  o.office.disk[{static_cast<RowKind>(200), {1}}] = {2};
  o.restart();
  auto found = o.office.node->unreadable_rows();
  CHECK(found == std::map<RowKind, size_t>{{RowKind::service, 1}, {static_cast<RowKind>(200), 1}});
  CHECK(o.office.disk[{kind, key}] == before);
  o.office.expose("echo");
  o.world.run(1s);
  CHECK(o.office.disk[{kind, key}] != before);
  CHECK(o.kept(kind, key) == before);
  o.restart();
  CHECK(o.office.node->unreadable_rows().size() == 1);
  CHECK(o.kept(kind, key) == before);
  CHECK(o.office.disk[{static_cast<RowKind>(200), {1}}] == Bytes{2});
}

TEST_CASE("a service that could not be read again is not taken") {
  Office o;
  auto refused = [&](const std::string& kind, const std::string& target) { return !o.office.node->expose(o.office.now(), {"long", kind, target, 1}).ok(); };
  CHECK(refused("command", std::string(limits::service_target_bytes + 1, 'x')));
  CHECK(refused("command", "\xff"));
  CHECK(refused(std::string(limits::service_kind_bytes + 1, 'k'), "x"));
  REQUIRE_FALSE(refused("command", std::string(limits::service_target_bytes, 'x')));
  o.world.run(1s);
  o.office.kill();
  o.office.start();
  CHECK(o.office.node->unreadable_rows().empty());
  CHECK(o.office.node->own_services().size() == 2);
}

TEST_CASE("every kind of row that the node overwrites by itself is kept when it cannot be read") {
  Damaged o;
  auto [kind, key] = o.key_of(RowKind::instance);
  o.office.kill();
  Bytes before = o.damage(kind);
  o.restart();
  CHECK(o.office.disk[{kind, key}] != before);
  CHECK(o.kept(kind, key) == before);
  CHECK(o.world.run(20s, [&] { return o.connected(); }));
}

TEST_CASE("a node whose own row cannot be read does not start, and changes nothing") {
  Damaged o;
  o.office.kill();
  o.damage(RowKind::node);
  auto before = o.office.disk;
  Node node({.identity = o.office.identity, .name = "office"}, o.office.entropy);
  std::vector<Row> rows;
  for (const auto& [key, value] : o.office.disk) rows.push_back({key.first, key.second, value});
  auto started = node.start(o.office.now(), rows);
  REQUIRE_FALSE(started);
  CHECK(started.error().code == ErrorCode::malformed);
  CHECK_FALSE(started.error().remedy.empty());
  CHECK_FALSE(node.poll_persist());
}

TEST_CASE("of a revoked device the office knows when it was last seen, also after a restart") {
  Damaged o;
  o.world.run(1min);
  WallTime revoked_at = o.office.now().wall;
  o.revoke();
  o.restart();
  DeviceStatus device = o.office.node->devices(o.office.now()).at(0);
  REQUIRE(device.last_seen);
  CHECK(*device.last_seen == revoked_at);
  REQUIRE(device.paired_at);
  CHECK(*device.paired_at <= WallTime{revoked_at.unix_ms - 60'000});
  REQUIRE(device.grants_before);
  CHECK(device.grants_before->at(0).service == "*");
}

TEST_CASE("a device that was revoked and paired again is listed once, with its access, also after a restart") {
  Damaged o;
  o.revoke();
  o.world.pair(o.office, o.laptop);
  for (int start = 0; start < 2; ++start, o.restart()) {
    CAPTURE(start);
    auto devices = o.office.node->devices(o.office.now());
    REQUIRE(devices.size() == 1);
    CHECK(devices[0].state != PeerState::revoked);
    CHECK(devices[0].grants.size() == 1);
  }
  CHECK(o.world.run(20s, [&] { return o.connected(); }));
}

TEST_CASE("a relation whose keys were revoked ends at the start, whatever else was revoked of the device") {
  Damaged o;
  auto place = o.key_of(RowKind::relation);
  Bytes first = o.office.disk[place];
  o.revoke();
  o.world.pair(o.office, o.laptop);
  o.world.run(1s);
  Bytes second = o.office.disk[place];
  o.revoke();
  for (const Bytes& lost : {first, second}) {
    o.office.kill();
    o.office.disk[place] = lost;
    o.restart();
    auto devices = o.office.node->devices(o.office.now());
    REQUIRE(devices.size() == 1);
    CHECK(devices[0].state == PeerState::revoked);
    CHECK_FALSE(o.office.disk.contains(place));
  }
}

TEST_CASE("a device that is forgotten is forgotten with each of its revocations") {
  Damaged o;
  o.revoke();
  o.world.pair(o.office, o.laptop);
  o.world.run(1s);
  o.revoke();
  o.restart();
  auto kept = [&] { return std::count_if(o.office.disk.begin(), o.office.disk.end(), [](const auto& row) { return row.first.first == RowKind::revocation; }); };
  REQUIRE(kept() == 2);
  REQUIRE(o.office.node->devices(o.office.now()).size() == 1);
  auto request = o.office.node->forget_device(o.office.now(), o.laptop_id());
  REQUIRE(request);
  REQUIRE(o.world.run(1s, [&] { return o.office.done(*request); }));
  CHECK(kept() == 0);
  o.restart();
  CHECK(o.office.node->devices(o.office.now()).empty());
}
