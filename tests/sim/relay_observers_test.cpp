// Which observation ports a relay tells its clients of.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/sim/relay_world.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;
using namespace drawbridge::relay;

TEST_CASE("a relay names observation ports of its own network to clients of private networks only") {
  RelayWorld world(41);
  world.start_relay();
  const SocketAddress outside = SocketAddress::v4(198, 51, 100, 7, 7472), inside = SocketAddress::v4(10, 0, 0, 5, 7472);
  const SocketAddress own = SocketAddress::v4(0, 0, 0, 0, 7473);  // of whatever address the client has
  world.server->observe({outside, inside, own}, {});
  auto told_to = [&](RelayUser& user) {
    user.open(pair_secret(1), End::device);
    user.connect();
    REQUIRE(world.run(2s, [&] { return user.count<relay_event::Ready>() > 0; }));
    std::vector<uint16_t> ports;
    bool private_one = false, public_one = false;
    for (const RelayEvent& event : user.events) {
      const auto* ready = std::get_if<relay_event::Ready>(&event);
      if (!ready) continue;
      for (const SocketAddress& one : ready->observers) {
        private_one = private_one || one == inside;
        public_one = public_one || one == outside;
        ports.push_back(one.port);
      }
    }
    CHECK(public_one);
    CHECK(std::count(ports.begin(), ports.end(), own.port) == 1);
    return private_one;
  };
  RelayUser& far = world.device();
  far.address = SocketAddress::v4(192, 0, 2, 77, 7470);
  CHECK_FALSE(told_to(far));
  RelayUser& neighbour = world.device();
  neighbour.address = SocketAddress::v4(10, 0, 0, 77, 7470);
  CHECK(told_to(neighbour));
}
