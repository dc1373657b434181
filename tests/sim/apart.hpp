// An office and a laptop that meet through a relay.
#pragma once

#include <catch2/catch.hpp>

#include "tests/sim/world.hpp"

namespace drawbridge::sim {

// Each behind a router (null: in the open); the relay is one that both use.
struct Apart {
  Apart(uint64_t seed, const RouterKind* office_router, const RouterKind* laptop_router, LinkOptions link = {.delay = 10ms})
      : world(seed, link), relay(world.add_relay()), office(world.add("office")), laptop(world.add("laptop")) {
    if (office_router) office.attach(&world.add_router(*office_router));
    if (laptop_router) laptop.attach(&world.add_router(*laptop_router));
    world.run(100ms);
    office.expose("echo");
    REQUIRE(office.node->add_relay(office.now(), relay.url(), ""));
    world.run(1s);
  }
  void pair() { world.pair(office, laptop); }
  const PeerStatus* status() { return laptop.peer(office.identity.id); }
  bool connected() { return status() && status()->state == PeerState::connected; }
  bool direct() { return connected() && status()->relay.empty(); }
  bool relayed() { return connected() && !status()->relay.empty(); }
  SimFlow& echo(uint64_t bytes, bool finish = true) { return laptop.open(office.identity.id, "echo", bytes, finish); }
  bool echoes_more(SimFlow& flow, uint64_t bytes, Duration longest) {
    flow.to_write += bytes;
    laptop.poke(flow);
    return world.run(longest, [&] { return flow.read == flow.to_write && flow.intact; });
  }

  World world;
  SimRelay& relay;
  SimNode& office;
  SimNode& laptop;
};

}  // namespace drawbridge::sim
