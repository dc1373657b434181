// Two ends that hear each other, each by another way than the one by which it asks.
#include "tests/sim/apart.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

namespace {

// Every far end sees another port of this router's, and each port lets anybody in: between two of them no packet is
// answered from where it was sent to.
const RouterKind a_port_for_each{"a-port-for-each", Dependence::address_and_port, Dependence::endpoint_independent};

}  // namespace

TEST_CASE("answers that come by another way than the questions went do not hide that the way in use is dead") {
  auto seed = GENERATE(range(1, 41));
  CAPTURE(seed);
  Apart a(static_cast<uint64_t>(seed), &a_port_for_each, nullptr);
  a.pair();
  REQUIRE(a.world.run(5s, [&] { return a.direct(); }));
  SimFlow& flow = a.echo(100'000, false);
  REQUIRE(a.world.run(10s, [&] { return flow.read == flow.to_write; }));

  // The laptop comes to another network, unnoticed, amid an exchange; it sleeps, and wakes when that network works.
  flow.to_write += 500'000;
  a.laptop.poke(flow);
  a.world.run(25ms);
  a.world.link.dead = true;
  a.laptop.attach(&a.world.add_router(a_port_for_each), false);
  a.world.run(std::chrono::milliseconds(200 * seed));
  a.laptop.suspend(true);
  a.world.run(10s);
  a.laptop.suspend(false);
  a.world.link.dead = false;
  a.laptop.move(a.laptop.address);
  a.world.run(3s);
  CHECK(a.echoes_more(flow, 200'000, 10s));
  CHECK(a.connected());
  const PeerStatus* there = a.office.peer(a.laptop.identity.id);
  CHECK((there && there->state == PeerState::connected));
  // And an end that doubts says so once.
  CHECK(a.laptop.seen<event::Suspended>().size() <= 2);
  CHECK(a.office.seen<event::Suspended>().size() <= 2);
}
