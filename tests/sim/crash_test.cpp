// Power cuts between any two writes: nothing that was acknowledged is lost, and nothing half done locks anyone out.
#include "tests/sim/office_fixture.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

namespace {

bool is_connected(SimNode& device, SimNode& office) {
  const PeerStatus* status = device.peer(office.identity.id);
  return status && status->state == PeerState::connected;
}

}  // namespace

TEST_CASE("a pairing that loses power at any write of either side can be repeated until it holds") {
  // The victim is cut right before its n-th batch becomes durable.
  auto cut_after = GENERATE(range(1, 9));
  bool cut_office = GENERATE(true, false);
  World world(static_cast<uint64_t>(cut_after) * 2 + cut_office);
  SimNode& office = world.add("office");
  SimNode& laptop = world.add("laptop");
  office.expose("echo");
  world.run(1s);
  auto invitation = office.invite();
  world.run(100ms);
  SimNode& victim = cut_office ? office : laptop;
  uint64_t batches = victim.batches;
  RequestId request = laptop.join(invitation.link);
  world.run(3s, [&] { return victim.batches >= batches + static_cast<uint64_t>(cut_after) - 1 && victim.batches > 0; });
  victim.kill();
  world.run(2s);
  victim.start();
  world.run(2s);
  CAPTURE(cut_after, cut_office);
  if (!is_connected(laptop, office)) {
    // The person does what the message says: the same link again.
    request = laptop.join(invitation.link);
    world.run(40s, [&] { return laptop.done(request) || is_connected(laptop, office); });
  }
  CHECK(world.run(40s, [&] { return is_connected(laptop, office); }));
  CHECK(office.node->devices(office.now()).size() == 1);
  office.kill();
  laptop.kill();
  office.start();
  laptop.start();
  CHECK(world.run(5s, [&] { return is_connected(laptop, office); }));
}

TEST_CASE("an acknowledged revocation survives a power cut at the next instant") {
  Office o;
  o.revoke();
  o.office.kill();
  o.office.start();
  o.world.run(1min);
  CHECK(!o.connected());
  REQUIRE(o.office.node->devices(o.office.now()).size() == 1);
  CHECK(o.office.node->devices(o.office.now())[0].state == PeerState::revoked);
}

TEST_CASE("a revocation that lost power before it was durable was not acknowledged") {
  Office o;
  auto request = o.office.node->revoke(o.office.now(), o.laptop_id(), "lost");
  REQUIRE(request);
  o.world.run(1ms);
  CHECK(!o.office.done(*request));
  o.office.kill();
  o.office.start();
  CHECK(o.world.run(5s, [&] { return o.connected(); }));
}

TEST_CASE("a full disk refuses the change with a sentence and keeps what was") {
  Office o;
  o.office.disk_full = true;
  auto request = o.office.node->revoke(o.office.now(), o.laptop_id(), "lost");
  REQUIRE(request);
  REQUIRE(o.world.run(1s, [&] { return o.office.done(*request); }));
  REQUIRE(o.office.results[*request].error);
  CHECK(o.office.results[*request].error->code == ErrorCode::io);
  CHECK(!o.office.results[*request].error->remedy.empty());
  o.office.disk_full = false;
  o.revoke();
  CHECK(o.office.node->devices(o.office.now())[0].state == PeerState::revoked);
}

TEST_CASE("an invitation is used once, by one device, before it expires") {
  World world(9);
  SimNode& office = world.add("office");
  SimNode& first = world.add("first");
  SimNode& second = world.add("second");
  office.expose("echo");
  world.run(1s);
  SECTION("a second device with the same link is refused") {
    auto invitation = office.invite();
    world.run(100ms);
    RequestId one = first.join(invitation.link);
    REQUIRE(world.run(10s, [&] { return first.done(one); }));
    RequestId two = second.join(invitation.link);
    REQUIRE(world.run(60s, [&] { return second.done(two); }));
    CHECK(second.results[two].error->code == ErrorCode::unreachable);
    CHECK(office.node->devices(office.now()).size() == 1);
  }
  SECTION("an expired one is silent") {
    auto invitation = office.invite();
    world.run(11min);
    RequestId late = first.join(invitation.link);
    REQUIRE(world.run(60s, [&] { return first.done(late); }));
    CHECK(first.results[late].error);
  }
  SECTION("a damaged or foreign link is refused with a remedy, before anything is sent") {
    auto invitation = office.invite();
    for (std::string link : {invitation.link.substr(0, invitation.link.size() - 3), std::string("https://example.com/"), std::string("drawbridge:#"),
                             invitation.link.substr(0, 20) + "AAAA" + invitation.link.substr(24)}) {
      auto refused = first.node->join(first.now(), link, "first");
      REQUIRE(!refused);
      CHECK(!refused.error().remedy.empty());
    }
  }
}
