// Whether the cause that is told is the one that was made.
#include <algorithm>

#include "tests/sim/network_kind.hpp"
#include "tests/sim/office_fixture.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;
using traversal::Cause;
using traversal::PathReason;

namespace {

constexpr auto eim = Dependence::endpoint_independent, apdm = Dependence::address_and_port;
const RouterKind port_restricted{"port-restricted", eim, apdm};
const RouterKind symmetric{"symmetric", apdm, apdm};

// An office and a laptop behind routers (null: in the open), and two relays, so that routers can be told apart.
struct Observed {
  Observed(const RouterKind* office_router, const RouterKind* laptop_router)
      : world(7, {.delay = 10ms}), relay(world.add_relay()), other(world.add_relay()), office(world.add("office")), laptop(world.add("laptop")) {
    if (office_router) office.attach(&world.add_router(*office_router));
    if (laptop_router) laptop.attach(&world.add_router(*laptop_router));
    world.run(100ms);
    office.expose("echo");
    for (SimRelay* one : {&relay, &other}) REQUIRE(office.node->add_relay(office.now(), one->url(), ""));
    world.run(1s);
    world.pair(office, laptop);
  }
  RelationKey key_at(SimNode& node) const {
    return &node == &laptop ? RelationKey{PeerRole::office, office.identity.id} : RelationKey{PeerRole::device, laptop.identity.id};
  }
  Cause cause_at(SimNode& node) {
    auto facts = node.node->path_facts(node.now(), key_at(node));
    REQUIRE(facts);
    return diagnose(*facts);
  }
  bool becomes(SimNode& node, Cause cause, Duration longest = 60s) {
    return world.run(longest, [&] { return cause_at(node) == cause; });
  }
  const traversal::PathHistory& history() { return *laptop.node->path_history(key_at(laptop)); }

  World world;
  SimRelay& relay;
  SimRelay& other;
  SimNode& office;
  SimNode& laptop;
};

// The laptop's state is replaced by an older copy, which does not know of the counters used since; its clock is wrong.
void put_back(Observed& o, Duration clock_behind) {
  auto earlier = o.laptop.disk;
  for (int starts = 0; starts < 4; ++starts) {  // each leaves out ten minutes' worth of counters
    o.laptop.kill();
    o.laptop.start();
    REQUIRE(o.becomes(o.laptop, Cause::direct));
  }
  o.laptop.kill();
  o.laptop.disk = earlier;
  o.laptop.wall_offset = -clock_behind;
  o.laptop.start();
}

}  // namespace

TEST_CASE("a direct path is told as such at both ends") {
  Observed o(&port_restricted, &port_restricted);
  CHECK(o.becomes(o.laptop, Cause::direct));
  CHECK(o.becomes(o.office, Cause::direct));
}

TEST_CASE("behind two routers that give every destination another port the cause is both routers") {
  Observed o(&symmetric, &symmetric);
  CHECK(o.becomes(o.laptop, Cause::relayed_ports_both));
  CHECK(o.becomes(o.office, Cause::relayed_ports_both));
}

TEST_CASE("a router that gives every destination another port is blamed at its own end and at the other") {
  Observed o(&port_restricted, &symmetric);
  o.laptop.more_sockets = false;  // or a search for ports would find a way
  CHECK(o.becomes(o.laptop, Cause::relayed_ports_here));
  CHECK(o.becomes(o.office, Cause::relayed_ports_there));
}

TEST_CASE("a direct path that has died is not called slower than the relay") {
  Observed o(&port_restricted, &port_restricted);
  REQUIRE(o.becomes(o.laptop, Cause::direct));
  o.world.drop = [&](const SocketAddress& from, const SocketAddress& to, const Bytes&) {
    auto relays = [&](const SocketAddress& address) { return address.ip == o.relay.address.ip || address.ip == o.other.address.ip; };
    return !relays(from) && !relays(to);
  };
  bool slandered = false;
  CHECK(o.world.run(3min, [&] {
    Cause cause = o.cause_at(o.laptop);
    slandered = slandered || cause == Cause::relayed_direct_worse;
    return cause == Cause::relayed_firewall;
  }));
  CHECK_FALSE(slandered);
  CHECK(o.history().transitions().back().reason == PathReason::silent);
}

TEST_CASE("an office that is off is missed at its relay, relays that are off are missed themselves") {
  Observed o(&port_restricted, &port_restricted);
  o.office.kill();
  CHECK(o.becomes(o.laptop, Cause::peer_away, 3min));
  o.relay.kill();
  o.other.kill();
  CHECK(o.becomes(o.laptop, Cause::nothing_gets_out, 10min));
  o.relay.start();
  CHECK(o.becomes(o.laptop, Cause::peer_away, 10min));
}

TEST_CASE("a device that is off is missed by its office") {
  Observed o(nullptr, nullptr);
  o.laptop.kill();
  CHECK(o.becomes(o.office, Cause::peer_away, 5min));
  CHECK(explain(Cause::peer_away, true).sentence == "The device is off, asleep or without a network.");
}

TEST_CASE("the history tells which paths were tried, and every change of the one in use") {
  Observed o(&port_restricted, &port_restricted);
  REQUIRE(o.becomes(o.laptop, Cause::direct));
  const auto& transitions = o.history().transitions();
  REQUIRE(transitions.size() >= 1);
  CHECK(transitions.front().reason == PathReason::first);
  CHECK(transitions.back().relay.empty());
  const traversal::CandidatePair* used = o.history().in_use();
  REQUIRE(used);
  CHECK(used->answered > 0);
  CHECK(used->rtt);

  size_t before = transitions.size();
  o.office.kill();
  REQUIRE(o.world.run(3min, [&] { return o.history().in_use() == nullptr; }));
  CHECK(transitions.size() > before);
  o.office.start();
  REQUIRE(o.becomes(o.laptop, Cause::direct));
  CHECK(o.history().in_use());
}

TEST_CASE("a relay that serves nobody yet is asked all the same, and left when the asker has heard enough") {
  World world(9, {.delay = 10ms});
  SimRelay& relay = world.add_relay();
  SimNode& office = world.add("office");
  world.run(100ms);
  REQUIRE(office.node->add_relay(office.now(), relay.url(), ""));
  world.run(1s);
  CHECK(office.node->relays().empty());

  Instant began = office.now().boot;
  office.node->ask_relays(office.now());
  office.node->ask_relays(office.now());  // somebody else at the same time
  office.pump();
  auto answered = [&] {
    auto found = office.node->relays();
    return found.size() == 1 && found[0].ready && found[0].by_udp && found[0].measured > began && found[0].reflexive;
  };
  CHECK(world.run(2s, answered));
  office.node->end_asking();
  office.pump();
  CHECK(office.node->relays().size() == 1);
  office.node->end_asking();
  office.pump();
  CHECK(world.run(2s, [&] { return office.node->relays().empty(); }));
}

TEST_CASE("relays in use are asked afresh, and one that has stopped is told from one that answers") {
  Observed o(&port_restricted, &port_restricted);
  o.world.run(2s);
  auto fresh = [&](Instant since) {
    size_t count = 0;
    for (const relay::RelayStatus& status : o.office.node->relays()) count += status.ready && status.measured > since;
    return count;
  };
  Instant began = o.office.now().boot;
  o.office.node->ask_relays(o.office.now());
  o.office.pump();
  CHECK(o.world.run(500ms, [&] { return fresh(began) == 2; }));
  o.office.node->end_asking();

  o.other.kill();
  began = o.office.now().boot;
  o.office.node->ask_relays(o.office.now());
  o.office.pump();
  CHECK(o.world.run(10s, [&] {
    auto relays = o.office.node->relays();
    return fresh(began) == 1 && std::count_if(relays.begin(), relays.end(), [](const auto& r) { return r.silent; }) == 1;
  }));
  o.office.node->end_asking();
}

TEST_CASE("a fixed address is told to devices, outlives a power cut, and is taken back by a full disk") {
  World world(11, {.delay = 10ms});
  SimNode& office = world.add("office");
  world.run(100ms);
  auto done = [&](const Result<RequestId>& request) {
    REQUIRE(request);
    world.run(1s, [&] { return office.done(*request); });
    return office.done(*request) && !office.results.at(*request).error;
  };
  CHECK(done(office.node->add_address(office.now(), "office.example:7470")));
  CHECK(office.seen<event::AddressesWanted>().back().addresses.size() == 1);
  office.kill();
  office.start();
  world.run(100ms);
  REQUIRE(office.node->fixed_addresses().size() == 1);
  CHECK(to_text(office.node->fixed_addresses()[0]) == "office.example:7470");
  CHECK(office.seen<event::AddressesWanted>().size() == 2);

  office.disk_full = true;
  CHECK_FALSE(done(office.node->add_address(office.now(), "203.0.113.7:7470")));
  CHECK(office.node->fixed_addresses().size() == 1);
  CHECK_FALSE(done(office.node->remove_address(office.now(), "office.example:7470")));
  CHECK(office.node->fixed_addresses().size() == 1);
  office.disk_full = false;
  CHECK(done(office.node->remove_address(office.now(), "office.example:7470")));
  CHECK(office.node->fixed_addresses().empty());
  CHECK(office.seen<event::AddressesWanted>().back().addresses.empty());
}

TEST_CASE("a device that was put back to an older state is refused, and only its office can say so") {
  Observed o(&port_restricted, &port_restricted);
  put_back(o, std::chrono::hours(1));
  CHECK(o.becomes(o.office, Cause::refused, 3min));
  CHECK(o.becomes(o.laptop, Cause::peer_silent));
  REQUIRE(o.office.node->reset_counter(o.office.now(), o.laptop.identity.id));
  o.office.pump();
  CHECK(o.becomes(o.laptop, Cause::direct, 3min));
  CHECK(o.becomes(o.office, Cause::direct));
}

TEST_CASE("a clock from before the pairing is blamed when the office is there and does not answer") {
  Observed o(&port_restricted, &port_restricted);
  put_back(o, std::chrono::hours(24 * 30));
  CHECK(o.becomes(o.laptop, Cause::clock_wrong, 3min));
}

TEST_CASE("a computer without a network says so, and is connected again by itself when it has one") {
  Observed o(nullptr, nullptr);
  SocketAddress address = o.laptop.address;
  o.laptop.node->handle_network_change(o.laptop.now(), {});
  o.world.drop = [&](const SocketAddress& from, const SocketAddress& to, const Bytes&) { return from == address || to == address; };
  CHECK(o.becomes(o.laptop, Cause::no_network));
  o.world.drop = [](auto&, auto&, auto&) { return false; };
  o.laptop.node->handle_network_change(o.laptop.now(), {address});
  o.laptop.pump();
  CHECK(o.becomes(o.laptop, Cause::direct));
}

TEST_CASE("builds without a common version say so at pairing and afterwards, and go on by themselves once one is updated") {
  Observed o(&port_restricted, &port_restricted);
  SimNode& tablet = o.world.add("tablet");
  tablet.versions = {99};
  tablet.kill();
  tablet.start();
  RequestId joined = tablet.join(o.office.invite().link);
  REQUIRE(o.world.run(60s, [&] { return tablet.done(joined); }));
  REQUIRE(tablet.results[joined].error);
  CHECK(tablet.results[joined].error->message.find("no common version") != std::string::npos);

  auto restart_with = [&](std::vector<uint8_t> versions) {
    o.laptop.kill();
    o.laptop.versions = std::move(versions);
    o.laptop.start();
  };
  restart_with({99});
  REQUIRE(o.becomes(o.laptop, Cause::upgrade_needed));
  CHECK_FALSE(o.laptop.peer(o.office.identity.id)->cause.empty());
  o.world.run(10min);
  CHECK(o.cause_at(o.laptop) == Cause::upgrade_needed);
  restart_with({});
  CHECK(o.becomes(o.laptop, Cause::direct));
}

TEST_CASE("an office that moves from IPv4 to IPv6 alone while connected is known to share no family with its device") {
  Observed o(&port_restricted, &port_restricted);
  REQUIRE(o.becomes(o.laptop, Cause::direct));
  settle_in(o.world, o.office, network_kind("v6only"));
  CHECK(o.becomes(o.laptop, Cause::relayed_no_common_family));
  CHECK(o.becomes(o.office, Cause::relayed_no_common_family));
  settle_in(o.world, o.office, network_kind("port-restricted"));
  CHECK(o.becomes(o.laptop, Cause::direct));
}
