// By which transport a relay is used, and how often one is asked that answers by none.
#include <catch2/catch.hpp>

#include "tests/sim/network_kind.hpp"
#include "tests/sim/world.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

namespace {

struct Choice {
  explicit Choice(uint64_t seed) : world(seed, {.delay = 20ms}), relay(world.add_relay()), office(world.add("office")), laptop(world.add("laptop")) {
    world.run(100ms);
    // The slower transport first: the order in which they were named does not matter.
    for (const std::string& url : {relay.websocket_url(), relay.url()}) REQUIRE(office.node->add_relay(office.now(), url, ""));
    world.run(1s);
    world.pair(office, laptop);
  }
  const PeerStatus& path() { return *laptop.peer(office.identity.id); }
  bool connected() { return path().state == PeerState::connected; }
  // How often the laptop wants a relay's address, or a WebSocket, within this time.
  size_t asked(Duration during) {
    laptop.events.clear();
    world.run(during);
    return static_cast<size_t>(std::count_if(laptop.events.begin(), laptop.events.end(), [](const Event& event) { return std::holds_alternative<event::RelayWanted>(event); }));
  }

  World world;
  SimRelay& relay;
  SimNode& office;
  SimNode& laptop;
};

}  // namespace

TEST_CASE("who comes from a network without UDP to one that has it uses it again, and a direct path") {
  Choice a(1);
  settle_in(a.world, a.laptop, network_kind("udp-blocked"));
  REQUIRE(a.world.run(10s, [&] { return a.connected() && a.path().relay == a.relay.websocket_url(); }));
  settle_in(a.world, a.laptop, network_kind("port-restricted"));
  CHECK(a.world.run(5s, [&] { return a.connected() && a.path().relay.empty(); }));
}

TEST_CASE("where no UDP gets out the office answers soon after a second") {
  Choice a(2);
  a.laptop.kill();
  settle_in(a.world, a.laptop, network_kind("udp-blocked"));
  a.world.run(1min);
  a.laptop.start();
  // A second for UDP, then six round trips to the relay and through it.
  CHECK(a.world.run(1s + 6 * 80ms, [&] { return a.connected(); }));
}

TEST_CASE("a relay that answers by no transport is asked ever more seldom, and found soon after its return") {
  Choice a(3);
  a.office.kill();
  a.relay.kill();
  a.world.run(2min);
  CHECK(a.asked(2min) <= 2 * 8);
  a.relay.start();
  a.office.start();
  CHECK(a.world.run(20s, [&] { return a.connected(); }));
}
