// Sockets that a punch asks its driver for, when the answers come late.
#include "tests/sim/apart.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

namespace {

constexpr auto eim = Dependence::endpoint_independent, apdm = Dependence::address_and_port;
const RouterKind port_restricted{"port-restricted", eim, apdm};
const RouterKind symmetric{"symmetric", apdm, apdm};

}  // namespace

TEST_CASE("of two answers with sockets in one turn the first was for a search that is over, and its sockets are given back") {
  Apart a(26, &symmetric, &port_restricted);
  a.office.ports_held = true;
  a.pair();
  auto asked = [&] { return a.office.seen<event::PortsWanted>().size(); };
  REQUIRE(a.world.run(30s, [&] { return asked() == 2; }));
  REQUIRE(a.relayed());
  CHECK(a.office.seen<event::PortsReleased>().empty());
  uint16_t each = a.office.seen<event::PortsWanted>()[0].count;
  a.office.answer_ports();
  auto released = a.office.seen<event::PortsReleased>();
  REQUIRE(released.size() == 1);
  CHECK(released[0].ports.size() == each);
  CHECK(a.office.ports.size() == each);
  CHECK(*a.office.ports.begin() > *std::max_element(released[0].ports.begin(), released[0].ports.end()));
  // And the newest are searched from.
  CHECK(a.world.run(60s, [&] { return a.direct(); }));
  SimFlow& flow = a.echo(100'000);
  CHECK(a.world.run(5s, [&] { return flow.read == 100'000 && flow.intact; }));
}

TEST_CASE("sockets that come when nobody searches any more are given back at once") {
  Apart a(27, &symmetric, &port_restricted);
  a.office.ports_held = true;
  a.pair();
  REQUIRE(a.world.run(30s, [&] { return a.office.seen<event::PortsWanted>().size() == 1; }));
  a.laptop.kill();
  a.world.run(3min);
  a.office.answer_ports();
  CHECK(a.office.ports.empty());
}
