// Devices keep the newest head of their office's audit trail.
#include "tests/sim/office_fixture.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

namespace {

std::optional<audit::KeptHead> kept(Office& o) {
  auto heads = o.laptop.node->audit_heads();
  auto found = heads.find(o.office_id());
  return found == heads.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

TEST_CASE("a device keeps the signed head of its office's trail, and it survives a power cut") {
  Office o;
  REQUIRE(o.world.run(5s, [&] { return kept(o).has_value(); }));
  audit::Head head = kept(o)->newest;
  CHECK(head.sequence > 0);
  CHECK(audit::is_signed_by(head, o.office_id()));
  o.world.run(1s);
  o.laptop.kill();
  o.laptop.start();
  REQUIRE(kept(o));
  CHECK(kept(o)->newest.sequence >= head.sequence);
}

TEST_CASE("heads follow the trail, at most one a minute, and only what is on the disk") {
  Office o;
  REQUIRE(o.world.run(5s, [&] { return kept(o).has_value(); }));
  uint64_t first = kept(o)->newest.sequence;
  for (int i = 0; i < 20; ++i) {
    REQUIRE(o.answers(2s));
    o.world.run(1s);
  }
  CHECK(kept(o)->newest.sequence == first);
  o.world.run(60s);
  REQUIRE(o.answers(2s));
  REQUIRE(o.world.run(5s, [&] { return kept(o)->newest.sequence > first; }));
  CHECK(kept(o)->newest.sequence <= o.office.node->audit_head().first);
  CHECK_FALSE(kept(o)->disputed);
}

TEST_CASE("an office whose older state was put back is noticed by its device") {
  Office o;
  REQUIRE(o.world.run(5s, [&] { return kept(o).has_value(); }));
  auto backup = o.office.disk;
  for (int i = 0; i < 5; ++i) REQUIRE(o.answers(2s));
  o.world.run(61s);
  REQUIRE(o.answers(2s));
  o.world.run(1s);
  uint64_t seen = kept(o)->newest.sequence;
  o.office.kill();
  o.office.disk = backup;
  o.office.start();
  REQUIRE(o.world.run(60s, [&] { return kept(o)->disputed.has_value(); }));
  CHECK(kept(o)->newest.sequence == seen);
  CHECK(kept(o)->disputed->sequence < seen);
  CHECK(o.laptop.seen<event::TrailDisputed>().size() == 1);
  o.world.run(1s);
  o.laptop.kill();
  o.laptop.start();
  CHECK(kept(o)->disputed);
}

TEST_CASE("a power cut of the office disputes nothing") {
  Office o;
  REQUIRE(o.world.run(5s, [&] { return kept(o).has_value(); }));
  for (int i = 0; i < 10; ++i) {
    SimFlow& flow = o.echo(1000);
    o.world.run(Duration(o.world.chance.below(80) * 1'000'000));
    static_cast<void>(flow);
    o.office.kill();
    o.office.start();
    REQUIRE(o.world.run(60s, [&] { return o.connected(); }));
    o.world.run(61s);
    o.answers(5s);
  }
  CHECK_FALSE(kept(o)->disputed);
}

TEST_CASE("an office that is left leaves no head behind") {
  Office o;
  REQUIRE(o.world.run(5s, [&] { return kept(o).has_value(); }));
  auto request = o.laptop.node->leave(o.laptop.now(), o.office_id());
  REQUIRE(request);
  REQUIRE(o.world.run(5s, [&] { return o.laptop.done(*request); }));
  CHECK_FALSE(kept(o));
}
