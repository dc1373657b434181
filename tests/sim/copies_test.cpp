// Two copies of one office: a backup restored beside the original, or a state folder that was copied.
#include "protocol/roster/incarnation.hpp"
#include "tests/sim/office_fixture.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

namespace {

constexpr std::array<uint8_t, 32> one_machine{1}, another_machine{2};

// An office with its laptop, and a second computer with the office's keys and what its disk held.
struct Copied {
  Copied() : copy(a.world.add("copy")) {
    a.office.kill();
    a.office.machine = one_machine;
    a.office.start();
    a.world.run(1s);
    a.office.expose("echo");
    copy.kill();
    copy.identity = a.office.identity;
    copy.disk = a.office.disk;
    copy.machine = another_machine;
  }
  bool displaced(const SimNode& node) const {
    return std::any_of(node.events.begin(), node.events.end(), [](const Event& event) { return std::holds_alternative<event::Displaced>(event); });
  }
  // Only this one runs, and at an address that the laptop knows.
  void only(SimNode& node) {
    SimNode& other = &node == &copy ? a.office : copy;
    if (other.node) other.kill();
    if (&node == &copy) std::swap(copy.address, a.office.address);
    node.start();
  }

  Office a{11};
  SimNode& copy;
};

}  // namespace

TEST_CASE("an office that hears of a later copy of itself lets nobody new in, until its owner takes over") {
  Copied c;
  auto& [world, office, laptop] = c.a;
  REQUIRE(world.run(5s, [&] { return c.a.connected(); }));

  // The copy starts where the office was; the laptop meets it.
  c.only(c.copy);
  REQUIRE(world.run(10s, [&] { return c.a.answers(2s); }));
  CHECK(!c.copy.node->displaced());

  // The original comes back: it learns from the laptop that it is not alone.
  c.copy.kill();
  std::swap(c.copy.address, office.address);
  office.start();
  REQUIRE(world.run(30s, [&] { return office.node->displaced(); }));
  CHECK(c.displaced(office));
  world.run(1s);
  office.kill();
  world.run(10s);
  office.start();
  CHECK(office.node->displaced());
  CHECK(!c.a.answers(2min));

  auto request = office.node->take_over(office.now());
  REQUIRE(request);
  office.pump();
  REQUIRE(world.run(1s, [&] { return office.done(*request); }));
  office.kill();
  office.start();
  CHECK(c.a.answers(2min));
  CHECK(!office.node->displaced());
}

TEST_CASE("a take-over that the disk refuses changes nothing, and open sessions go on") {
  Copied c;
  auto& [world, office, laptop] = c.a;
  REQUIRE(world.run(5s, [&] { return c.a.connected(); }));
  c.only(c.copy);
  REQUIRE(world.run(10s, [&] { return c.a.answers(2s); }));
  c.copy.kill();
  std::swap(c.copy.address, office.address);
  office.start();
  REQUIRE(world.run(30s, [&] { return office.node->displaced(); }));
  world.run(1s);
  SimFlow& flow = c.a.echo(100, false);
  REQUIRE(world.run(5s, [&] { return flow.read == 100; }));
  office.disk_full = true;
  auto request = office.node->take_over(office.now());
  REQUIRE(request);
  office.pump();
  REQUIRE(world.run(1s, [&] { return office.done(*request); }));
  CHECK(office.results[*request].error);
  office.disk_full = false;
  CHECK(office.node->displaced());
  world.run(3min);
  CHECK(c.a.echoes_more(flow, 1'000, 5s));
}

TEST_CASE("an office that restarts on its own computer is no copy") {
  Copied c;
  for (int i = 0; i < 3; ++i) {
    c.a.office.kill();
    c.a.office.start();
    CHECK(c.a.world.run(30s, [&] { return c.a.answers(1s); }));
  }
  CHECK(!c.a.office.node->displaced());
  CHECK(!c.a.office.node->take_over(c.a.office.now()));
}

TEST_CASE("nobody but the office can speak of a copy") {
  Identity office = identity_from_seed(Secret32{}), stranger = identity_from_seed(SeededEntropy(1).secret32());
  roster::Incarnation forged = roster::sign_incarnation(stranger, 1'000'000, {1});
  CHECK(!roster::is_signed_by(forged, office.id));
  roster::Incarnation moved = roster::sign_incarnation(office, 5, {1});
  CHECK(roster::is_signed_by(moved, office.id));
  moved.boot_id = 1'000'000;
  CHECK(!roster::is_signed_by(moved, office.id));
}
