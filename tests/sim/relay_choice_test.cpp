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

TEST_CASE("where no UDP gets out the first byte is back within six round trips") {
  Choice a(2);
  a.office.expose("echo");
  a.world.run(1s);
  a.laptop.kill();
  settle_in(a.world, a.laptop, network_kind("udp-blocked"));
  a.world.run(1min);
  Instant begin = a.world.now;
  a.laptop.start();
  SimFlow& flow = a.laptop.open(a.office.identity.id, "echo", 1, false);
  REQUIRE(a.world.run(10s, [&] { return flow.read == 1; }));
  // Four to the relay (TCP, TLS, upgrade, half of what follows) and two and a half through it; disks are waited for, too.
  CHECK(to_ms(a.world.now - begin) <= 6 * 4 * 20);
  CHECK(a.path().relay == a.relay.websocket_url());
}

TEST_CASE("where UDP passes the WebSocket that was begun is given up at once, and in a known network none is begun") {
  Choice a(4);
  a.laptop.kill();
  settle_in(a.world, a.laptop, network_kind("port-restricted"));
  SocketAddress known = a.laptop.address;
  a.laptop.events.clear();
  a.laptop.start();
  REQUIRE(a.world.run(10s, [&] { return a.connected(); }));
  a.world.run(5s);
  auto beside = [&] {
    std::vector<std::string> urls;
    for (const auto& wanted : a.laptop.seen<event::RelayWanted>()) {
      CHECK((wanted.beside || wanted.url != a.relay.websocket_url()));
      if (wanted.beside) urls.push_back(wanted.url);
    }
    return urls;
  };
  REQUIRE_FALSE(beside().empty());
  CHECK(beside().back().empty());
  a.laptop.events.clear();
  a.laptop.move(known);  // its network comes back as it was
  a.world.run(10s);
  CHECK(a.connected());
  CHECK(beside().empty());
}

TEST_CASE("a relay near by, whose WebSocket is ready at once, is used by UDP") {
  Choice a(6);
  a.laptop.kill();
  settle_in(a.world, a.laptop, network_kind("port-restricted"));
  a.laptop.events.clear();
  a.laptop.websocket_opening = 0ms;  // and its word by UDP takes 40 ms
  a.laptop.start();
  REQUIRE(a.world.run(10s, [&] { return a.connected(); }));
  for (const auto& wanted : a.laptop.seen<event::RelayWanted>()) CHECK((wanted.beside || wanted.url != a.relay.websocket_url()));
}

TEST_CASE("who uses a WebSocket asks by UDP again, and changes over when it passes, in the same network") {
  Choice a(5);
  a.laptop.kill();
  settle_in(a.world, a.laptop, network_kind("udp-blocked"));
  a.laptop.start();
  REQUIRE(a.world.run(10s, [&] { return a.connected(); }));
  auto blocked_for = GENERATE(30s, 3600s);
  CAPTURE(blocked_for.count());
  a.world.run(blocked_for);
  REQUIRE(a.path().relay == a.relay.websocket_url());
  a.laptop.udp_blocked = false;
  bool soon = blocked_for < 1min;
  CHECK(a.world.run(soon ? 65s : 11min, [&] { return a.connected() && a.path().relay != a.relay.websocket_url(); }));
  a.world.run(10s);
  CHECK(a.connected());
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

TEST_CASE("who knows a relay by WebSocket alone is back within seconds of its restart") {
  World world(9, {.delay = 20ms});
  SimRelay& relay = world.add_relay();
  SimNode& office = world.add("office");
  SimNode& laptop = world.add("laptop");
  for (SimNode* node : {&office, &laptop}) settle_in(world, *node, network_kind("udp-blocked"));
  world.run(100ms);
  REQUIRE(office.node->add_relay(office.now(), relay.websocket_url(), ""));
  world.run(1s);
  world.pair(office, laptop);
  auto connected = [&] { return laptop.peer(office.identity.id)->state == PeerState::connected; };
  auto answers = [&] {
    RelationKey key{PeerRole::office, office.identity.id};
    auto ping = laptop.node->ping(laptop.now(), key, 300ms);
    if (!ping) return false;
    laptop.pump();
    return world.run(500ms, [&] { return laptop.done(*ping); }) && !laptop.results.at(*ping).error;
  };
  REQUIRE(world.run(30s, connected));
  for (int i = 0; i < 5; ++i) {
    CAPTURE(i);
    relay.kill();
    world.run(1s);  // refused meanwhile
    relay.start();
    bool back = false;
    for (int tries = 0; tries < 12 && !back; ++tries) back = answers();
    CHECK(back);  // 12 tries: six seconds
    world.run(1min);
  }
}
