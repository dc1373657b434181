// While a device starts each packet is there once only, and much waits for it: none may cost more than a moment when it
// is lost. 60 ms each way is the longest of the matrix's links, where the direct path needs 784 ms at best; at 5 ms questions
// and answers follow one another within the pauses that keep them from being asked twice.
#include <catch2/catch.hpp>

#include "tests/sim/network_kind.hpp"
#include "tests/sim/world.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

namespace {

struct Start {
  Duration took{};       // until both ends use a direct path
  size_t sent = 0;       // datagrams, by everybody, until then
  std::string lost;      // the one that was: when, from where to where, its size
};

bool direct(const SimNode& one, const SimNode& other) {
  const PeerStatus* status = one.peer(other.identity.id);
  return status && status->state == PeerState::connected && status->relay.empty();
}

// Paired in the open, both moved since, with one relay; of the device's start `count` datagrams are lost from the `lost`-th on,
// counted from 1.
class Restart {
 public:
  Restart(Duration delay, std::string_view office_kind, std::string_view device_kind)
      : world_(7, {.delay = delay}), relay_(world_.add_relay()), office_(world_.add("office")), device_(world_.add("laptop")) {
    world_.run(200ms);
    REQUIRE(office_.node->add_relay(office_.now(), relay_.url(), ""));
    world_.run(200ms);
    world_.pair(office_, device_);
    office_.kill();
    device_.kill();
    settle_in(world_, office_, network_kind(office_kind));
    settle_in(world_, device_, network_kind(device_kind));
    office_.start();
    world_.run(5s);
  }

  Start run(size_t lost, size_t count = 1) {
    Start start;
    Instant begin = world_.now;
    world_.drop = [&](const SocketAddress& from, const SocketAddress& to, const Bytes& datagram) {
      ++start.sent;
      if (start.sent < lost || start.sent >= lost + count) return false;
      start.lost = std::to_string(to_ms(world_.now - begin)) + " ms: " + to_text(from) + " to " + to_text(to) + ", " + std::to_string(datagram.size()) + " bytes";
      return true;
    };
    device_.start();
    CHECK(world_.run(10s, [&] { return direct(device_, office_) && direct(office_, device_); }));
    start.took = world_.now - begin;
    return start;
  }

 private:
  World world_;
  SimRelay& relay_;
  SimNode& office_;
  SimNode& device_;
};

}  // namespace

TEST_CASE("whichever packet of a device's start is lost, it has a direct path within a second") {
  auto [office, device] = GENERATE(std::pair("port-restricted", "port-restricted"), std::pair("public", "port-restricted"), std::pair("linux", "linux"),
                                   std::pair("full-cone", "symmetric"), std::pair("symmetric", "addr-restricted"), std::pair("cgnat", "public-fw"));
  Duration delay = GENERATE(5ms, 60ms);
  size_t packets = Restart(delay, office, device).run(0).sent;
  REQUIRE(packets > 20);
  for (size_t lost = 0; lost <= packets; ++lost) {
    Start start = Restart(delay, office, device).run(lost);
    CAPTURE(office, device, delay, lost, start.lost);
    CHECK(start.took <= 1s);
  }
}

TEST_CASE("whichever two packets in a row are lost, it has a direct path within two") {
  size_t packets = Restart(60ms, "port-restricted", "linux").run(0).sent;
  for (size_t lost = 1; lost < packets; ++lost) {
    Start start = Restart(60ms, "port-restricted", "linux").run(lost, 2);
    CAPTURE(lost, start.lost);
    CHECK(start.took <= 2s);
  }
}
