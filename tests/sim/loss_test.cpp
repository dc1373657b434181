// A path that loses much gives way to one that does not; and one relay to a nearer or a living one.
#include <catch2/catch.hpp>

#include "tests/sim/world.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

namespace {

const RouterKind port_restricted{"port-restricted"};

struct TwoWays {
  // Direct 2 x 10 ms; through the relay four times 10 ms.
  explicit TwoWays(uint64_t seed) : world(seed, {.delay = 10ms}), relay(world.add_relay()), office(world.add("office")), laptop(world.add("laptop")) {
    world.drop = [this](auto& from, auto& to, auto&) {
      bool by_relay = from == relay.address || to == relay.address;
      return world.chance.happens(by_relay ? relay_loss : direct_loss);
    };
    for (SimNode* node : {&office, &laptop}) node->attach(&world.add_router(port_restricted));
    world.run(100ms);
    office.expose("echo");
    REQUIRE(office.node->add_relay(office.now(), relay.url(), ""));
    world.run(1s);
    world.pair(office, laptop);
    REQUIRE(world.run(5s, [&] { return direct(); }));
    flow = &laptop.open(office.identity.id, "echo", 1'000, false);
    REQUIRE(world.run(5s, [&] { return flow->read == 1'000; }));
  }
  const PeerStatus& status() { return *laptop.peer(office.identity.id); }
  bool direct() { return status().state == PeerState::connected && status().relay.empty(); }
  bool relayed() { return status().state == PeerState::connected && !status().relay.empty(); }
  // A little is sent each 200 ms, as by somebody who works.
  bool work(Duration longest, const std::function<bool()>& done = [] { return false; }) {
    for (Instant end = world.now + longest; world.now < end;) {
      flow->to_write += 300;
      laptop.poke(*flow);
      if (world.run(200ms, done)) return true;
    }
    return false;
  }
  size_t changes() const { return laptop.seen<event::PathChanged>().size(); }

  World world;
  SimRelay& relay;
  SimNode& office;
  SimNode& laptop;
  SimFlow* flow = nullptr;
  double direct_loss = 0, relay_loss = 0;
};

}  // namespace

TEST_CASE("a direct path that loses a tenth gives way to a clean relay, once, and is used again when it is clean") {
  auto seed = GENERATE(1u, 2u, 3u);
  TwoWays a(seed);
  a.direct_loss = 0.1;
  CHECK(a.work(3min, [&] { return a.relayed(); }));
  size_t before = a.changes();
  a.work(20min);
  CHECK(a.relayed());
  CHECK(a.changes() - before <= 2);
  a.direct_loss = 0;
  CHECK(a.work(11min, [&] { return a.direct(); }));
  before = a.changes();
  a.work(20min);
  CHECK(a.changes() == before);
  CHECK(a.flow->intact);
}

TEST_CASE("a small random loss moves no path, in an hour of work") {
  auto loss = GENERATE(0.002, 0.01, 0.02);
  CAPTURE(loss);
  TwoWays a(4);
  a.direct_loss = loss;
  size_t before = a.changes();
  a.work(1h);
  CHECK(a.changes() - before <= 2);
  CHECK(a.direct());
}

TEST_CASE("where every path loses as much, none is left for it, and measuring stays seldom") {
  TwoWays a(5);
  a.direct_loss = a.relay_loss = 0.05;  // twice over the relay: four ways
  a.work(1min);
  size_t before = a.changes();
  a.work(20min);
  CHECK(a.direct());
  CHECK(a.changes() - before <= 4);
}

TEST_CASE("what is lost in one network does not count in the next") {
  TwoWays a(6);
  a.direct_loss = 0.1;
  REQUIRE(a.work(3min, [&] { return a.relayed(); }));
  a.direct_loss = 0;
  a.laptop.attach(&a.world.add_router(port_restricted));
  CHECK(a.work(5s, [&] { return a.direct(); }));
}

TEST_CASE("of several relays the nearest carries the traffic, and another within 10 s when it is lost, also while idle") {
  World world(7, {.delay = 2ms});
  for (int i = 0; i < 3; ++i) world.add_relay();
  SimRelay& near = *world.relays[1];
  // A trip to the near one and back takes 10 ms, to the others 80.
  auto far_off = [&](const SocketAddress& address) {
    for (auto& relay : world.relays) {
      if (relay->listens(address)) return relay.get() == &near ? 3ms : 38ms;
    }
    return 0ms;
  };
  world.detour = [&](auto& from, auto& to) { return Duration(std::max(far_off(from), far_off(to))); };
  RouterKind symmetric{"symmetric", Dependence::address_and_port, Dependence::address_and_port};
  SimNode& office = world.add("office");
  SimNode& laptop = world.add("laptop");
  for (SimNode* node : {&office, &laptop}) node->attach(&world.add_router(symmetric));
  world.run(100ms);
  office.expose("echo");
  for (auto& relay : world.relays) REQUIRE(office.node->add_relay(office.now(), relay->url(), ""));
  world.run(2s);
  world.pair(office, laptop);
  auto by = [&] { return laptop.peer(office.identity.id)->state == PeerState::connected ? laptop.peer(office.identity.id)->relay : std::string(); };
  CHECK(world.run(3s, [&] { return by() == near.url(); }));
  SimFlow& flow = laptop.open(office.identity.id, "echo", 1'000, false);
  REQUIRE(world.run(5s, [&] { return flow.read == 1'000; }));
  bool idle = GENERATE(true, false);
  CAPTURE(idle);
  world.run(3min);
  CHECK(by() == near.url());
  near.kill();
  if (!idle) {
    flow.to_write += 1'000;
    laptop.poke(flow);
    CHECK(world.run(3s, [&] { return flow.read == 2'000; }));
  }
  CHECK(world.run(10s, [&] { return !by().empty() && by() != near.url(); }));
  near.start();
  CHECK(world.run(2min, [&] { return by() == near.url(); }));
  CHECK(!flow.ended);
}
