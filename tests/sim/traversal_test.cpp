// Reached from anywhere: relays, routers of every kind, and the way from one path to a better one.
#include "tests/sim/apart.hpp"
#include "tests/sim/network_kind.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

namespace {

using Ports = RouterKind::Ports;
constexpr auto eim = Dependence::endpoint_independent, adm = Dependence::address, apdm = Dependence::address_and_port;

const RouterKind full_cone{"full-cone", eim, eim};
const RouterKind addr_restricted{"addr-restricted", eim, adm};
const RouterKind port_restricted{"port-restricted", eim, apdm};
const RouterKind addr_symmetric{"addr-symmetric", adm, adm};
const RouterKind symmetric{"symmetric", apdm, apdm};
const RouterKind symmetric_seq{"symmetric-seq", apdm, apdm, Ports::sequential};

}  // namespace

TEST_CASE("two ends behind routers that admit no stranger are paired through the relay") {
  Apart a(1, &symmetric, &symmetric);
  a.pair();
  CHECK(a.relayed());
  SimFlow& flow = a.echo(1'000'000);
  CHECK(a.world.run(20s, [&] { return flow.read == 1'000'000; }));
  CHECK(flow.intact);
}

TEST_CASE("behind endpoint-independent routers the path is direct within a second of pairing") {
  const RouterKind* kinds[] = {nullptr, &full_cone, &addr_restricted, &port_restricted};
  auto office = GENERATE(0, 1, 2, 3);
  auto laptop = GENERATE(0, 1, 2, 3);
  CAPTURE(office, laptop);
  Apart a(2, kinds[office], kinds[laptop]);
  a.pair();
  CHECK(a.world.run(1s, [&] { return a.direct(); }));
  SimFlow& flow = a.echo(100'000);
  CHECK(a.world.run(5s, [&] { return flow.read == 100'000; }));
}

TEST_CASE("a symmetric router at one end is passed where the other end admits any port") {
  const RouterKind* kinds[] = {nullptr, &full_cone, &addr_restricted};
  auto other = GENERATE(0, 1, 2);
  bool office_symmetric = GENERATE(true, false);
  CAPTURE(other, office_symmetric);
  Apart a(3, office_symmetric ? &symmetric : kinds[other], office_symmetric ? kinds[other] : &symmetric);
  a.pair();
  CHECK(a.world.run(2s, [&] { return a.direct(); }));
}

TEST_CASE("first byte through the relay within three round trips of starting") {
  Apart a(4, &symmetric, &symmetric, {.delay = 20ms});
  a.pair();
  a.laptop.kill();
  a.world.run(1min);
  a.laptop.start();
  Instant begin = a.world.now;
  SimFlow& flow = a.echo(100);
  REQUIRE(a.world.run(5s, [&] { return flow.read == 100; }));
  // One trip to the relay for its cookie; then through it, twice as far: handshake and request.
  CHECK(to_ms(a.world.now - begin) <= 40 + 2 * 80 + 20);
}

TEST_CASE("a waiting device learns through the relay that its office is back") {
  Apart a(5, &symmetric, &symmetric);
  a.pair();
  a.office.kill();
  a.world.run(20min);
  CHECK(!a.connected());
  a.office.start();
  CHECK(a.world.run(500ms, [&] { return a.connected(); }));
}

TEST_CASE("an office that has one address only, and another than before, is met directly") {
  Apart a(11, nullptr, &port_restricted);
  a.pair();
  a.laptop.kill();
  a.office.kill();
  a.office.move(SocketAddress::v4(198, 51, 100, 200, 7470));
  a.world.run(1min);
  a.office.start();
  a.world.run(1s);
  a.laptop.start();
  CHECK(a.world.run(2s, [&] { return a.direct(); }));
}

TEST_CASE("a relay that restarts is found again by both ends, also while idle, and no stream notices") {
  Apart a(6, &symmetric, &symmetric);
  a.pair();
  SimFlow& flow = a.echo(1'000, false);
  REQUIRE(a.world.run(5s, [&] { return flow.read == 1'000; }));
  a.world.run(3min);
  a.relay.kill();
  a.world.run(2s);
  a.relay.start();
  a.world.run(28s);
  CHECK(a.echoes_more(flow, 10'000, 3s));
  CHECK(!flow.ended);
}

TEST_CASE("streams survive the change from relay to direct and back") {
  Apart a(7, &port_restricted, &port_restricted);
  a.pair();
  REQUIRE(a.world.run(2s, [&] { return a.direct(); }));
  SimFlow& flow = a.echo(1'000, false);
  REQUIRE(a.world.run(5s, [&] { return flow.read == 1'000; }));
  // The direct way is gone: whatever does not pass the relay is lost.
  a.world.drop = [&](auto& from, auto& to, auto&) { return from != a.relay.address && to != a.relay.address; };
  CHECK(a.echoes_more(flow, 10'000, 3s));
  CHECK(a.relayed());
  a.world.drop = [](auto&, auto&, auto&) { return false; };
  CHECK(a.world.run(61s, [&] { return a.direct(); }));
  CHECK(a.echoes_more(flow, 10'000, 1s));
}

TEST_CASE("a laptop that comes to another network is back within two round trips and 250 ms") {
  Apart a(8, &port_restricted, &port_restricted, {.delay = 20ms});
  a.pair();
  REQUIRE(a.world.run(2s, [&] { return a.direct(); }));
  SimFlow& flow = a.echo(1'000, false);
  REQUIRE(a.world.run(5s, [&] { return flow.read == 1'000; }));
  bool symmetric_there = GENERATE(true, false);
  CAPTURE(symmetric_there);
  a.laptop.attach(&a.world.add_router(symmetric_there ? symmetric : port_restricted));
  CHECK(a.echoes_more(flow, 1'000, 2 * 40ms + 250ms));
}

TEST_CASE("a router's reboot and a new public address at either side go unnoticed by streams") {
  Apart a(9, &port_restricted, &port_restricted);
  a.pair();
  REQUIRE(a.world.run(2s, [&] { return a.direct(); }));
  SimFlow& flow = a.echo(1'000, false);
  REQUIRE(a.world.run(5s, [&] { return flow.read == 1'000; }));
  for (auto& router : a.world.routers) {
    router->reboot();
    CHECK(a.echoes_more(flow, 10'000, 3s));
    SocketAddress outside = router->outside();
    outside.ip[15] = static_cast<uint8_t>(outside.ip[15] + 100);
    router->set_outside(outside);
    CHECK(a.echoes_more(flow, 10'000, 3s));
    a.world.run(1min);
  }
  CHECK(a.direct());
}

TEST_CASE("after an hour of sleep with every mapping expired the open stream answers within a second") {
  Apart a(10, &port_restricted, &port_restricted);
  a.pair();
  SimFlow& flow = a.echo(1'000, false);
  REQUIRE(a.world.run(5s, [&] { return flow.read == 1'000; }));
  a.laptop.suspend(true);
  a.world.run(std::chrono::hours(1));
  a.laptop.suspend(false);
  a.laptop.move(a.laptop.address);
  CHECK(a.echoes_more(flow, 1'000, 1s));
}

TEST_CASE("an idle bridge is quiet behind any routers, with several devices") {
  World world(12, {.delay = 10ms});
  SimRelay& relay = world.add_relay();
  SimNode& office = world.add("office");
  office.attach(&world.add_router(GENERATE(true, false) ? symmetric : addr_symmetric));
  world.run(100ms);
  office.expose("echo");
  REQUIRE(office.node->add_relay(office.now(), relay.url(), ""));
  std::vector<SimNode*> devices;
  for (const RouterKind* kind : {&symmetric, &port_restricted, &addr_symmetric}) {
    devices.push_back(&world.add(kind->name));
    devices.back()->attach(&world.add_router(*kind));
    world.pair(office, *devices.back());
  }
  world.run(2min);
  std::map<SocketAddress, int> sent;
  world.drop = [&](auto& from, auto&, auto&) { return ++sent[from], false; };
  world.run(10min);
  // A device: its relay and its office every 25 s, addresses that may be direct every 30 to 60 s. The office: its relay
  // every 5 s, and answers.
  for (const auto& [address, count] : sent) {
    CAPTURE(to_text(address), count);
    CHECK(count <= 10 * 60);
  }
}

TEST_CASE("a computer with thirty addresses tells as many as fit, and loses nothing by it") {
  Apart a(13, &port_restricted, &port_restricted);
  a.pair();
  for (SimNode* node : {&a.laptop, &a.office}) {
    std::vector<SocketAddress> many;
    for (uint8_t i = 1; i <= 30; ++i) many.push_back(SocketAddress::v4(172, 20, 0, i, 7470));
    many.push_back(node->address);
    node->node->handle_network_change(node->now(), many);
    a.world.run(2s);
    CHECK(a.direct());
  }
  SimFlow& flow = a.echo(1'000);
  CHECK(a.world.run(5s, [&] { return flow.read == 1'000; }));
}

TEST_CASE("a relay that is named no more is left, by office and device, and hears nothing more") {
  Apart a(14, &port_restricted, &port_restricted);
  a.pair();
  REQUIRE(a.world.run(2s, [&] { return a.direct(); }));
  // The invitation, whose link names the relay, is over; so only the pair's mailbox is left.
  a.world.run(20s);
  REQUIRE(a.office.node->remove_relay(a.office.now(), a.relay.url()));
  a.world.run(2s);
  int heard = 0;
  a.world.drop = [&](auto&, auto& to, auto&) { return heard += to == a.relay.address, false; };
  a.world.run(5min);
  CHECK(heard == 0);
  CHECK(a.relay.server->associations() == 0);
  CHECK(a.direct());
}

TEST_CASE("a node learns what its router does from one relay, and tells its peer") {
  using traversal::Filtering, traversal::Mapping;
  struct Case {
    const RouterKind* router;
    Mapping mapping;
    Filtering filtering;
  };
  auto [router, mapping, filtering] = GENERATE(Case{nullptr, Mapping::none, Filtering::independent_of_port},
                                               Case{&full_cone, Mapping::endpoint_independent, Filtering::independent_of_port},
                                               Case{&addr_restricted, Mapping::endpoint_independent, Filtering::independent_of_port},
                                               Case{&port_restricted, Mapping::endpoint_independent, Filtering::address_and_port_dependent},
                                               Case{&symmetric, Mapping::random, Filtering::address_and_port_dependent},
                                               Case{&symmetric_seq, Mapping::predictable, Filtering::address_and_port_dependent});
  CAPTURE(mapping);
  Apart a(15, &port_restricted, router);
  a.pair();
  a.world.run(3s);
  NetworkStatus network = a.laptop.node->network();
  CHECK(network.behaviour.mapping == mapping);
  CHECK(network.behaviour.filtering == filtering);
  CHECK(network.udp_passes == true);
  CHECK(network.reflexive.size() == 4);
  const PeerStatus* laptop = a.office.peer(a.laptop.identity.id);
  REQUIRE(laptop);
  CHECK(laptop->nat == network.behaviour);
}

TEST_CASE("a relay without observation ports leaves a router's behaviour unknown, and all else as it is") {
  Apart a(16, &port_restricted, &port_restricted);
  a.relay.observes = false;
  a.relay.kill();
  a.relay.start();
  a.pair();
  CHECK(a.world.run(2s, [&] { return a.direct(); }));
  CHECK(a.laptop.node->network().behaviour.mapping == traversal::Mapping::unknown);
  CHECK(a.laptop.node->network().reflexive.size() == 1);
}

TEST_CASE("a router that counts up is passed by prediction, against another or against one that admits answers only") {
  const RouterKind* kinds[] = {&port_restricted, &symmetric_seq};
  auto other = GENERATE(0, 1);
  bool office_counts = GENERATE(true, false);
  CAPTURE(other, office_counts);
  Apart a(17, office_counts ? &symmetric_seq : kinds[other], office_counts ? kinds[other] : &symmetric_seq);
  a.pair();
  CHECK(a.world.run(5s, [&] { return a.direct(); }));
  SimFlow& flow = a.echo(100'000);
  CHECK(a.world.run(5s, [&] { return flow.read == 100'000 && flow.intact; }));
  CHECK(a.office.ports.size() + a.laptop.ports.size() <= 2);
}

TEST_CASE("a router with random ports is passed by a search, within its bounds, and one socket stays") {
  bool office_random = GENERATE(true, false);
  CAPTURE(office_random);
  auto seed = GENERATE(18u, 20u, 21u);
  Apart a(seed, office_random ? &symmetric : &port_restricted, office_random ? &port_restricted : &symmetric);
  a.pair();
  std::map<SocketAddress, std::vector<Instant>> sent;
  a.world.drop = [&](auto& from, auto& to, auto&) {
    if (to.ip != a.relay.address.ip && from.ip != a.relay.address.ip) sent[SocketAddress{from.ip, 0}].push_back(a.world.now);
    return false;
  };
  CHECK(a.world.run(30s, [&] { return a.direct(); }));
  a.world.run(1s);
  SimNode& random = office_random ? a.office : a.laptop;
  CHECK(random.ports.size() <= 1);  // none if a probe met its own socket
  CHECK((office_random ? a.laptop : a.office).ports.empty());
  for (const auto& [from, times] : sent) CHECK(times.size() <= limits::search_probes + 200);
  SimFlow& flow = a.echo(100'000);
  CHECK(a.world.run(5s, [&] { return flow.read == 100'000 && flow.intact; }));
}

TEST_CASE("two routers with random ports are left to the relay, and nothing is searched") {
  Apart a(19, &symmetric, &symmetric);
  a.pair();
  int sent = 0;
  a.world.drop = [&](auto& from, auto& to, auto&) { return sent += to.ip != a.relay.address.ip && from.ip != a.relay.address.ip, false; };
  a.world.run(10min);
  CHECK(a.relayed());
  CHECK(a.office.ports.size() + a.laptop.ports.size() == 0);
  CHECK(sent < 10 * 60);
}

TEST_CASE("an office behind a symmetric router and a device in the open are direct, also after either comes to another network") {
  Apart a(22, &symmetric, nullptr);
  a.pair();
  CHECK(a.world.run(1s, [&] { return a.direct(); }));
  a.laptop.attach(nullptr);
  CHECK(a.world.run(2s, [&] { return a.direct(); }));
  a.office.attach(&a.world.add_router(symmetric));
  a.world.run(4s);
  CHECK(a.direct());
  SimFlow& flow = a.echo(1'000);
  CHECK(a.world.run(2s, [&] { return flow.read == 1'000; }));
}

TEST_CASE("a router that gives an early probe's address away is passed from fresh sockets") {
  bool office_early = GENERATE(true, false);
  auto other = GENERATE("port-restricted", "linux", "linux-open", "public-fw");
  CAPTURE(office_early, other);
  World world(23, {.delay = 10ms});
  SimRelay& relay = world.add_relay();
  SimNode& office = world.add("office");
  SimNode& laptop = world.add("laptop");
  world.run(100ms);
  REQUIRE(office.node->add_relay(office.now(), relay.url(), ""));
  world.pair(office, laptop);
  settle_in(world, office, network_kind(office_early ? "linux-open" : other));
  settle_in(world, laptop, network_kind(office_early ? other : "linux-open"));
  // What was direct in the open is not, any more; in these networks it becomes so again.
  world.run(5s);
  const PeerStatus* status = laptop.peer(office.identity.id);
  REQUIRE(status);
  CHECK(status->state == PeerState::connected);
  CHECK(status->relay.empty());
  CHECK(status->path->remote.ip == office.router->outside().ip);
}

TEST_CASE("an address that the relay does not confirm is sent no search and no prediction") {
  // Far ends at odd ports see another address of this router's: what it tells of itself is not where the relay sees it.
  auto sent_to = [](bool pooling) {
    RouterKind kind = symmetric_seq;
    kind.arbitrary_pooling = pooling;
    Apart a(24, &port_restricted, &kind);
    a.pair();
    SocketAddress told = a.laptop.router->outside();
    if (pooling) told.ip[15] = static_cast<uint8_t>(told.ip[15] + 100);
    int sent = 0;
    a.world.drop = [&](auto& from, auto& to, auto&) { return sent += from.ip == a.office.router->outside().ip && to.ip == told.ip, false; };
    a.world.run(2min);
    CHECK(a.relayed() == pooling);
    return sent;
  };
  CHECK(sent_to(true) == 0);
  CHECK(sent_to(false) > 0);  // so the packets would have been seen
}

TEST_CASE("a relay that dies while it is asked how it sees us keeps nobody busy") {
  Apart a(25, &port_restricted, &port_restricted);
  a.pair();
  a.world.run(5s);
  // The questions of a fresh start are under way, and nothing comes back any more.
  a.laptop.kill();
  a.laptop.start();
  REQUIRE(a.world.run(5s, [&] { return !a.laptop.node->network().reflexive.empty(); }));
  a.world.drop = [](auto&, auto&, auto&) { return true; };
  a.world.run(2min);
  CHECK(!a.connected());
}
