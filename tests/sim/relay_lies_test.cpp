// A relay that tells its clients wrong addresses of theirs, and of each other.
#include "tests/sim/apart.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

namespace {

const RouterKind port_restricted{"port-restricted"};

// To the relay its clients seem to be where `seen_as` says; what it sends there reaches them nevertheless.
class Lies {
 public:
  Lies(World& w, SimRelay& r) : world(w), relay(r) {
    relay.observes = false;
    relay.start();
    world.drop = [this](const SocketAddress& from, const SocketAddress& to, const Bytes& datagram) {
      if (to == relay.address) return hand_in(from, datagram), true;
      auto client = really.find(to);
      if (from != relay.address || client == really.end()) return false;
      return client->second != to && (world.send(from, client->second, datagram), true);
    };
  }
  std::function<SocketAddress(const SocketAddress&)> seen_as = [](auto& from) { return from; };

 private:
  void hand_in(const SocketAddress& from, const Bytes& datagram) {
    SocketAddress told = seen_as(from);
    really[told] = from;
    relay.receive({relay.address, told}, datagram);
  }

  World& world;
  SimRelay& relay;
  std::map<SocketAddress, SocketAddress> really;
};

// Somebody who has nothing to do with it, at another port for each client and minute.
struct Bystander {
  SocketAddress operator()(const World& world, const SocketAddress& client) {
    SocketAddress named = SocketAddress::v4(192, 0, 2, 200, 0);
    auto minute = std::chrono::duration_cast<std::chrono::minutes>(world.now.time_since_epoch()).count();
    auto [known, fresh] = numbers.emplace(client, numbers.size());
    named.port = static_cast<uint16_t>(20'000 + 100 * (minute % 300) + static_cast<long>(known->second));
    return named;
  }
  std::map<SocketAddress, size_t> numbers;
};

uint64_t received_by(const World& world, const SocketAddress& whom) {
  uint64_t count = 0;
  for (const auto& [to, datagrams] : world.received_by_stranger) count += to.ip == whom.ip ? datagrams : 0;
  return count;
}

}  // namespace

TEST_CASE("a relay that names a bystander as its clients' address, ever anew, ends no session and has him sent little") {
  Apart a(1, &port_restricted, &port_restricted);
  Lies lies(a.world, a.relay);
  Bystander bystander;
  lies.seen_as = [&](const SocketAddress& from) { return bystander(a.world, from); };
  a.pair();
  REQUIRE(a.relayed());

  SimFlow& flow = a.echo(1'000, false);
  constexpr int minutes = 40;
  for (int minute = 0; minute < minutes; ++minute) {
    CAPTURE(minute);
    CHECK(a.echoes_more(flow, 5'000, 1min));
    a.world.run(1min);
    CHECK(a.relayed());
  }
  CHECK_FALSE(flow.ended);
  uint64_t hit = received_by(a.world, SocketAddress::v4(192, 0, 2, 200, 0));
  CAPTURE(hit);
  CHECK(hit > 0);  // so it was believed as far as a candidate is
  CHECK(hit < 2 * minutes * 60 * 2);  // by both ends together less than two packets a second

  // Told the truth again, they are direct as soon as they ask.
  lies.seen_as = [](const SocketAddress& from) { return from; };
  CHECK(a.world.run(3min, [&] { return a.direct(); }));
}
