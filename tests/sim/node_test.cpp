#include <catch2/catch.hpp>

#include "tests/sim/world.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

namespace {

struct Office {
  explicit Office(uint64_t seed = 1, LinkOptions link = {.delay = 5ms}) : world(seed, link), office(world.add("office")), laptop(world.add("laptop")) {
    office.expose("echo");
    world.pair(office, laptop);
  }
  bool connected() const {
    const PeerStatus* status = laptop.peer(office.identity.id);
    return status && status->state == PeerState::connected;
  }
  bool echoed(const SimFlow& flow) const { return flow.read == flow.to_write && flow.intact; }
  World world;
  SimNode& office;
  SimNode& laptop;
};

}  // namespace

TEST_CASE("a laptop pairs with a link and its programs reach a service") {
  Office o;
  SimFlow& flow = o.laptop.open(o.office.identity.id, "echo", 3'000'000);
  REQUIRE(o.world.run(30s, [&] { return flow.ended; }));
  CHECK(flow.reset == FlowReset::none);
  CHECK(flow.read == 3'000'000);
  CHECK(flow.intact);
}
