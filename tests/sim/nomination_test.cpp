// The device's word which path to use, when it is lost.
#include <catch2/catch.hpp>

#include "tests/sim/network_kind.hpp"
#include "tests/sim/world.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

namespace {

bool direct(const SimNode& one, const SimNode& other) {
  const PeerStatus* status = one.peer(other.identity.id);
  return status && status->state == PeerState::connected && status->relay.empty();
}

}  // namespace

TEST_CASE("a nomination that is lost is repeated though nothing else is amiss") {
  World world(5, {.delay = 20ms});
  SimRelay& relay = world.add_relay();
  SimNode& office = world.add("office");
  SimNode& laptop = world.add("laptop");
  world.run(100ms);
  REQUIRE(office.node->add_relay(office.now(), relay.url(), ""));
  world.run(100ms);
  world.pair(office, laptop);
  for (SimNode* node : {&office, &laptop}) node->kill();
  for (SimNode* node : {&office, &laptop}) settle_in(world, *node, network_kind("port-restricted"));
  office.start();
  world.run(5s);
  // Of what the laptop sends by the direct path nothing arrives in the moment in which it has chosen that path.
  Instant chosen = far_future;
  world.drop = [&](const SocketAddress&, const SocketAddress& to, const Bytes&) {
    if (to.ip != office.router->outside().ip || !direct(laptop, office)) return false;
    if (chosen == far_future) chosen = world.now;
    return world.now - chosen < 200ms;
  };
  laptop.start();
  REQUIRE(world.run(5s, [&] { return direct(laptop, office); }));
  CHECK(world.run(2s, [&] { return direct(office, laptop); }));
}
