// An idle device stays reachable, with as few packets as its routers allow.
#include <catch2/catch.hpp>

#include "tests/sim/world.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;
using std::chrono::hours;

namespace {

constexpr auto independent = Dependence::endpoint_independent, both = Dependence::address_and_port;

RouterKind keeps_for(Duration lifetime) {
  return {.name = "short", .mapping = independent, .filtering = both, .binding_lifetime = lifetime};
}

// As Linux does it: each far end has a binding of its own, with the port's number kept.
RouterKind keeps_each_for(Duration lifetime) {
  return {.name = "linux", .mapping = both, .filtering = both, .ports = RouterKind::Ports::preserve, .binding_lifetime = lifetime, .shares_ports = true};
}

struct Idle {
  Idle(uint64_t seed, std::optional<RouterKind> office_router, std::optional<RouterKind> laptop_router, bool becomes_direct = true)
      : world(seed, {.delay = 10ms}), relay(world.add_relay()), office(world.add("office")), laptop(world.add("laptop")) {
    if (office_router) office.attach(&world.add_router(*office_router));
    if (laptop_router) laptop.attach(&world.add_router(*laptop_router));
    world.run(100ms);
    REQUIRE(office.node->add_relay(office.now(), relay.url(), ""));
    world.run(1s);
    world.pair(office, laptop);
    if (becomes_direct) REQUIRE(world.run(5s, [&] { return direct(); }));
  }
  bool direct() {
    const PeerStatus* status = laptop.peer(office.identity.id);
    return status && status->state == PeerState::connected && status->relay.empty();
  }
  // The office speaks first, after the pair has been idle for a while.
  bool office_reaches_laptop() {
    RelationKey laptop_key{PeerRole::device, laptop.identity.id};
    auto ping = office.node->ping(office.now(), laptop_key, 300ms);
    REQUIRE(ping);
    return world.run(400ms, [&] { return office.done(*ping); }) && !office.results.at(*ping).error;
  }
  size_t changes() const { return laptop.seen<event::PathChanged>().size(); }

  World world;
  SimRelay& relay;
  SimNode& office;
  SimNode& laptop;
};

}  // namespace

TEST_CASE("an idle pair behind routers with short binding lifetimes stays direct, and the office reaches the device") {
  auto lifetime = GENERATE(10s, 20s);
  auto place = GENERATE(0, 1, 2);
  CAPTURE(lifetime.count(), place);
  std::optional<RouterKind> brief = keeps_for(lifetime), long_kept = keeps_for(300s);
  Idle idle(1, place == 0 ? std::nullopt : place == 1 ? brief : long_kept, place == 1 ? long_kept : brief);
  idle.world.run(5min);  // what is learned in them, is learned once
  size_t before = idle.changes();
  int reached = 0;
  for (int i = 0; i < 60; ++i) {
    idle.world.run(47s + std::chrono::seconds(i % 13));
    CHECK(idle.direct());
    reached += idle.office_reaches_laptop();
  }
  CHECK(reached >= 58);  // a longer interval is tried now and then
  CHECK(idle.changes() - before <= 2 * 2);
}

TEST_CASE("a pair whose routers forget each way by itself learns how soon, and stays direct") {
  auto lifetime = GENERATE(10s, 20s);
  CAPTURE(lifetime.count());
  Idle idle(5, keeps_each_for(lifetime), keeps_each_for(lifetime));
  idle.world.run(5min);
  size_t before = idle.changes();
  int direct = 0, reached = 0;
  for (int i = 0; i < 60; ++i) {
    idle.world.run(47s + std::chrono::seconds(i % 13));
    direct += idle.direct();
    reached += idle.office_reaches_laptop();
  }
  CHECK(direct == 60);
  CHECK(reached >= 58);
  CHECK(idle.changes() - before <= 2 * 2);
  CHECK(idle.laptop.node->network().keepalive <= lifetime);
  CHECK(idle.laptop.node->network().keepalive >= lifetime / 2);
}

TEST_CASE("behind routers that keep bindings for five minutes an idle device sends its office a packet in 25 s") {
  Idle idle(3, keeps_for(300s), keeps_for(300s));
  idle.world.run(5min);
  std::map<SocketAddress, int> sent;
  idle.world.drop = [&](auto& from, auto& to, auto&) { return sent[to] += from.ip == idle.laptop.router->outside().ip, false; };
  idle.world.run(hours(1));
  int to_office = 0;
  for (const auto& [to, count] : sent) to_office += to.ip == idle.office.router->outside().ip ? count : 0;
  CHECK(to_office >= 140);
  CHECK(to_office <= 150);
  CHECK(sent[idle.relay.address] <= 150);
  CHECK(idle.changes() <= 2);
}

TEST_CASE("a device that stays relayed learns its routers' binding lifetime, too, and its office reaches it") {
  auto lifetime = GENERATE(10s, 20s);
  CAPTURE(lifetime.count());
  // Both give every far end, and every new binding, another port: nothing but the relay is left.
  RouterKind fickle = keeps_for(lifetime), stable = keeps_for(300s);
  fickle.mapping = stable.mapping = both;
  Idle idle(6, stable, fickle, false);
  idle.world.run(10min);
  int reached = 0;
  for (int i = 0; i < 60; ++i) {
    idle.world.run(47s + std::chrono::seconds(i % 13));
    CHECK_FALSE(idle.direct());
    reached += idle.office_reaches_laptop();
  }
  CHECK(reached >= 57);  // a longer interval is tried now and then
  CHECK(idle.laptop.node->network().keepalive <= lifetime);
  CHECK(idle.laptop.node->network().keepalive >= lifetime / 2);
}

TEST_CASE("what was learned of one network's routers is not believed of the next") {
  Idle idle(4, std::nullopt, keeps_for(10s));
  idle.world.run(10min);
  idle.laptop.attach(&idle.world.add_router(keeps_for(300s)));
  idle.world.run(1min);
  int sent = 0;
  idle.world.drop = [&](auto& from, auto& to, auto&) { return sent += from.ip == idle.laptop.router->outside().ip && to == idle.office.address, false; };
  idle.world.run(hours(1));
  CHECK(sent <= 150);
}

TEST_CASE("an idle device asks its office and its relay in one waking, and does nothing between two of them") {
  Idle idle(7, keeps_for(300s), keeps_for(300s));
  idle.world.run(10min);
  std::vector<Instant> sent;
  idle.world.drop = [&](auto& from, auto&, auto&) {
    bool ours = from.ip == idle.laptop.router->outside().ip;
    // What leaves within a tenth of a second leaves while the machine is awake anyway.
    if (ours && (sent.empty() || idle.world.now - sent.back() > 100ms)) sent.push_back(idle.world.now);
    return false;
  };
  idle.laptop.wakings = 0;
  idle.world.run(hours(1));
  CHECK(sent.size() >= 140);
  CHECK(sent.size() <= 150);
  CHECK(idle.laptop.wakings <= 160);
}
