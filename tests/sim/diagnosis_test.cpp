// Whether the cause that is told is the one that was made.
#include "tests/sim/office_fixture.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;
using traversal::Cause;
using traversal::PathReason;

namespace {

constexpr auto eim = Dependence::endpoint_independent, apdm = Dependence::address_and_port;
const RouterKind port_restricted{"port-restricted", eim, apdm};
const RouterKind symmetric{"symmetric", apdm, apdm};

// An office and a laptop behind routers (null: in the open), and two relays, so that routers can be told apart.
struct Observed {
  Observed(const RouterKind* office_router, const RouterKind* laptop_router)
      : world(7, {.delay = 10ms}), relay(world.add_relay()), other(world.add_relay()), office(world.add("office")), laptop(world.add("laptop")) {
    if (office_router) office.attach(&world.add_router(*office_router));
    if (laptop_router) laptop.attach(&world.add_router(*laptop_router));
    world.run(100ms);
    office.expose("echo");
    for (SimRelay* one : {&relay, &other}) REQUIRE(office.node->add_relay(office.now(), one->url(), ""));
    world.run(1s);
    world.pair(office, laptop);
  }
  RelationKey key_at(SimNode& node) const {
    return &node == &laptop ? RelationKey{PeerRole::office, office.identity.id} : RelationKey{PeerRole::device, laptop.identity.id};
  }
  Cause cause_at(SimNode& node) {
    auto facts = node.node->path_facts(node.now(), key_at(node));
    REQUIRE(facts);
    return diagnose(*facts);
  }
  bool becomes(SimNode& node, Cause cause, Duration longest = 60s) {
    return world.run(longest, [&] { return cause_at(node) == cause; });
  }
  const traversal::PathHistory& history() { return *laptop.node->path_history(key_at(laptop)); }

  World world;
  SimRelay& relay;
  SimRelay& other;
  SimNode& office;
  SimNode& laptop;
};

}  // namespace

TEST_CASE("a direct path is told as such at both ends") {
  Observed o(&port_restricted, &port_restricted);
  CHECK(o.becomes(o.laptop, Cause::direct));
  CHECK(o.becomes(o.office, Cause::direct));
}

TEST_CASE("behind two routers that give every destination another port the cause is both routers") {
  Observed o(&symmetric, &symmetric);
  CHECK(o.becomes(o.laptop, Cause::relayed_ports_both));
  CHECK(o.becomes(o.office, Cause::relayed_ports_both));
}

TEST_CASE("a router that gives every destination another port is blamed at its own end and at the other") {
  Observed o(&port_restricted, &symmetric);
  CHECK(o.becomes(o.laptop, Cause::relayed_ports_here));
  CHECK(o.becomes(o.office, Cause::relayed_ports_there));
}

TEST_CASE("an office that is off is missed at its relay, relays that are off are missed themselves") {
  Observed o(&port_restricted, &port_restricted);
  o.office.kill();
  CHECK(o.becomes(o.laptop, Cause::peer_away, 3min));
  o.relay.kill();
  o.other.kill();
  CHECK(o.becomes(o.laptop, Cause::nothing_gets_out, 10min));
  o.relay.start();
  CHECK(o.becomes(o.laptop, Cause::peer_away, 10min));
}

TEST_CASE("a device that is off is missed by its office") {
  Observed o(nullptr, nullptr);
  o.laptop.kill();
  CHECK(o.becomes(o.office, Cause::peer_away, 5min));
  CHECK(explain(Cause::peer_away, true).sentence == "The device is off, asleep or without a network.");
}

TEST_CASE("the history tells which paths were tried, and every change of the one in use") {
  Observed o(&port_restricted, &port_restricted);
  REQUIRE(o.becomes(o.laptop, Cause::direct));
  const auto& transitions = o.history().transitions();
  REQUIRE(transitions.size() >= 1);
  CHECK(transitions.front().reason == PathReason::first);
  CHECK(transitions.back().relay.empty());
  const traversal::CandidatePair* used = o.history().in_use();
  REQUIRE(used);
  CHECK(used->answered > 0);
  CHECK(used->rtt);

  size_t before = transitions.size();
  o.office.kill();
  REQUIRE(o.world.run(3min, [&] { return o.history().in_use() == nullptr; }));
  CHECK(transitions.size() > before);
  o.office.start();
  REQUIRE(o.becomes(o.laptop, Cause::direct));
  CHECK(o.history().in_use());
}
