// Pruning the audit trail: a signed checkpoint stands for what is gone, through restarts, power cuts and full disks.
#include "tests/sim/office_fixture.hpp"
#include "tests/sim/trail.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

namespace {

struct Trail : Office {
  explicit Trail(uint64_t seed = 1) : Office(seed) {
    for (int i = 0; i < 3; ++i) REQUIRE(answers(1s));
    world.run(1h);
    boundary = office.now().wall;
    for (int i = 0; i < 3; ++i) REQUIRE(answers(1s));
    world.run(1s);
  }
  RequestId prune() {
    auto request = sim::prune(office, boundary);
    REQUIRE(request);
    return *request;
  }
  std::string fault() const { return fault_of_trail(office.disk, office.identity.id); }
  size_t kept() const { return records_on(office.disk).size(); }
  bool any_older() const {
    auto records = records_on(office.disk);
    return std::any_of(records.begin(), records.end(), [&](const auto& record) { return record.time < boundary; });
  }
  void restart() {
    office.kill();
    office.start();
    REQUIRE(world.run(10s, [&] { return connected() && office_connected(); }));
  }
  std::optional<audit::KeptHead> head_at_the_laptop() const {
    auto heads = laptop.node->audit_heads();
    auto head = heads.find(office_id());
    return head == heads.end() ? std::nullopt : std::optional(head->second);
  }

  WallTime boundary;
};

}  // namespace

TEST_CASE("a pruned trail goes on from its checkpoint, through a restart, and can be pruned again") {
  Trail o;
  size_t before = o.kept();
  RequestId request = o.prune();
  REQUIRE(o.world.run(1s, [&] { return o.office.done(request); }));
  CHECK_FALSE(o.office.results[request].error);
  CHECK(o.fault().empty());
  CHECK_FALSE(o.any_older());
  CHECK(o.kept() < before);
  auto first = *checkpoint_on(o.office.disk);
  CHECK(o.office.node->audit_checkpoint() == first);
  CHECK(records_on(o.office.disk).front().sequence == first.sequence + 1);
  CHECK(records_on(o.office.disk).back().type == audit::RecordType::pruned);
  o.restart();
  CHECK(o.office.node->audit_checkpoint() == first);
  REQUIRE(o.answers(1s));
  o.world.run(1min);
  o.boundary = o.office.now().wall;
  RequestId again = o.prune();
  REQUIRE(o.world.run(1s, [&] { return o.office.done(again); }));
  CHECK(o.fault().empty());
  CHECK(checkpoint_on(o.office.disk)->sequence > first.sequence);
}

TEST_CASE("a device that kept a head from before a prune disputes nothing after it") {
  Trail o;
  REQUIRE(o.world.run(2min, [&] { return o.head_at_the_laptop().has_value(); }));
  uint64_t noted = o.head_at_the_laptop()->newest.sequence;
  RequestId request = o.prune();
  REQUIRE(o.world.run(1s, [&] { return o.office.done(request); }));
  o.restart();
  REQUIRE(o.world.run(3min, [&] { return o.head_at_the_laptop()->newest.sequence > noted; }));
  CHECK_FALSE(o.head_at_the_laptop()->disputed);
}

TEST_CASE("a power cut at any moment of a prune leaves the whole trail, or the checkpoint and the rest of it") {
  auto moment = GENERATE(range(0, 8));
  Trail o(static_cast<uint64_t>(moment) + 1);
  size_t before = o.kept();
  auto old_disk = o.office.disk;
  RequestId request = o.prune();
  o.world.run(moment * 500us, [&] { return o.office.done(request); });
  bool acknowledged = o.office.done(request);
  o.office.kill();
  CAPTURE(moment, acknowledged);
  bool pruned = checkpoint_on(o.office.disk).has_value();
  CHECK(pruned == !o.any_older());
  CHECK((pruned || o.kept() >= before));
  CHECK((pruned || !acknowledged));
  CHECK(o.fault().empty());
  o.office.start();
  CHECK(o.world.run(10s, [&] { return o.connected(); }));
  CHECK(o.fault().empty());
}

TEST_CASE("a prune that a full disk refuses leaves every record, then and once there is room") {
  Trail o;
  o.office.disk_full = true;
  size_t before = o.kept();
  RequestId request = o.prune();
  REQUIRE(o.world.run(1s, [&] { return o.office.done(request); }));
  REQUIRE(o.office.results[request].error);
  CHECK(o.office.results[request].error->code == ErrorCode::io);
  CHECK_FALSE(o.office.node->audit_checkpoint());
  o.office.disk_full = false;
  o.world.run(6s);
  CHECK(o.kept() > before);
  CHECK(o.any_older());
  CHECK_FALSE(checkpoint_on(o.office.disk));
  CHECK(o.fault().empty());
  o.restart();
  RequestId again = o.prune();
  REQUIRE(o.world.run(1s, [&] { return o.office.done(again); }));
  CHECK(o.fault().empty());
  CHECK_FALSE(o.any_older());
}

TEST_CASE("the same records are not pruned twice") {
  Trail o;
  Bytes last;
  for (const auto& [key, value] : o.office.disk) {
    if (key.first == RowKind::audit && last.empty()) last = value;
  }
  REQUIRE(o.office.node->prune_audit(o.office.now(), last));
  auto again = o.office.node->prune_audit(o.office.now(), last);
  REQUIRE_FALSE(again);
  CHECK(again.error().code == ErrorCode::state);
  CHECK(o.office.node->prune_audit(o.office.now(), Bytes{1, 2, 3}).error().code == ErrorCode::malformed);
}
