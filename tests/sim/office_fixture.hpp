// An office and a laptop, paired, with a service that echoes.
#pragma once

#include <catch2/catch.hpp>

#include "tests/sim/world.hpp"

namespace drawbridge::sim {

struct Office {
  explicit Office(uint64_t seed = 1, LinkOptions link = {.delay = 5ms})
      : world(seed, link), office(world.add("office")), laptop(world.add("laptop")) {
    office.expose("echo");
    world.pair(office, laptop);
  }

  const DeviceId& office_id() const { return office.identity.id; }
  const DeviceId& laptop_id() const { return laptop.identity.id; }
  bool connected() const {
    const PeerStatus* status = laptop.peer(office_id());
    return status && status->state == PeerState::connected;
  }
  bool office_connected() const {
    const PeerStatus* status = office.peer(laptop_id());
    return status && status->state == PeerState::connected;
  }
  SimFlow& echo(uint64_t bytes, bool finish = true) { return laptop.open(office_id(), "echo", bytes, finish); }
  // The service answers on a new connection; false after `longest`.
  bool answers(Duration longest) {
    SimFlow& flow = echo(100);
    return world.run(longest, [&] { return flow.read == 100; });
  }
  // More bytes on an open flow, and all of them back.
  bool echoes_more(SimFlow& flow, uint64_t bytes, Duration longest) {
    flow.to_write += bytes;
    laptop.poke(flow);
    return world.run(longest, [&] { return flow.read == flow.to_write && flow.intact; });
  }
  void revoke() {
    auto request = office.node->revoke(office.now(), laptop_id(), "lost");
    REQUIRE(request);
    REQUIRE(world.run(1s, [&] { return office.done(*request); }));
  }

  World world;
  SimNode& office;
  SimNode& laptop;
};

}  // namespace drawbridge::sim
