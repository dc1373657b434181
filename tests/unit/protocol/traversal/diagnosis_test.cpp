#include "protocol/traversal/diagnosis.hpp"

#include <catch2/catch.hpp>
#include <set>

using namespace drawbridge;
using namespace drawbridge::traversal;

namespace {

constexpr NatBehaviour steady{.mapping = Mapping::endpoint_independent}, changing{.mapping = Mapping::random},
    stepping{.mapping = Mapping::predictable, .port_delta = 1}, closed{.mapping = Mapping::udp_blocked};

PathFacts connected() {
  PathFacts f;
  f.connected = f.has_address = true;
  f.here_v4 = f.there_v4 = true;
  f.since = 1min;
  return f;
}
PathFacts relayed(NatBehaviour here = steady, NatBehaviour there = steady) {
  PathFacts f = connected();
  f.relayed = true;
  f.here = here;
  f.there = there;
  return f;
}

constexpr RelayFacts meeting{.answers = true, .peer_there = true}, waiting{.answers = true}, silent{.silent = true},
    nameless{.name_unknown = true}, portal{.captive_portal = true}, asked{};

PathFacts apart(std::vector<RelayFacts> relays = {}) {
  PathFacts f;
  f.has_address = f.here_v4 = true;
  f.since = 1min;
  f.relays = std::move(relays);
  return f;
}

template <typename Facts, typename Change>
Facts with(Facts facts, Change change) {
  change(facts);
  return facts;
}

}  // namespace

TEST_CASE("a direct path needs no explanation") {
  CHECK(diagnose(connected()) == Cause::direct);
}

TEST_CASE("a relayed path is explained by what was measured at either end") {
  CHECK(diagnose(relayed(closed, steady)) == Cause::relayed_udp_blocked_here);
  CHECK(diagnose(relayed(steady, closed)) == Cause::relayed_udp_blocked_there);
  CHECK(diagnose(relayed(changing, changing)) == Cause::relayed_ports_both);
  CHECK(diagnose(relayed(changing, stepping)) == Cause::relayed_ports_both);
  CHECK(diagnose(relayed(changing, steady)) == Cause::relayed_ports_here);
  CHECK(diagnose(relayed(steady, changing)) == Cause::relayed_ports_there);
  // An end that lets every port in would have heard a router that changes ports.
  NatBehaviour open = steady;
  open.filtering = Filtering::independent_of_port;
  CHECK(diagnose(relayed(changing, open)) == Cause::relayed_firewall);
  CHECK(diagnose(relayed(open, changing)) == Cause::relayed_firewall);
  CHECK(diagnose(relayed(steady, steady)) == Cause::relayed_firewall);
  CHECK(diagnose(relayed({}, {})) == Cause::relayed_firewall);
}

TEST_CASE("a direct path that answers and is not used is slower or loses more") {
  CHECK(diagnose(with(relayed(), [](PathFacts& f) { f.direct_answers = true; })) == Cause::relayed_direct_worse);
}

TEST_CASE("two ends without a common address family meet by relay only") {
  auto families = [](bool here_v4, bool here_v6, bool there_v4, bool there_v6) {
    return diagnose(with(relayed(), [&](PathFacts& f) { f.here_v4 = here_v4, f.here_v6 = here_v6, f.there_v4 = there_v4, f.there_v6 = there_v6; }));
  };
  CHECK(families(true, false, false, true) == Cause::relayed_no_common_family);
  CHECK(families(false, true, true, false) == Cause::relayed_no_common_family);
  CHECK(families(true, true, false, true) == Cause::relayed_firewall);
  CHECK(families(true, false, false, false) == Cause::relayed_firewall);  // nothing is known of the peer
}

TEST_CASE("a new relayed path is still being bettered, except where nothing can come of it") {
  auto fresh = [](PathFacts f) { return diagnose(with(f, [](PathFacts& g) { g.since = 1s; })); };
  CHECK(fresh(relayed(changing, changing)) == Cause::relayed_trying);
  CHECK(fresh(relayed(closed, steady)) == Cause::relayed_udp_blocked_here);
}

TEST_CASE("without a connection this computer is suspected first, then the way, then the other end") {
  auto no_address = with(apart({silent}), [](PathFacts& f) { f.has_address = false; });
  CHECK(diagnose(no_address) == Cause::no_network);
  CHECK(diagnose(apart({nameless})) == Cause::relay_name_unknown);
  CHECK(diagnose(apart({silent})) == Cause::relay_silent);
  CHECK(diagnose(apart({silent, silent})) == Cause::nothing_gets_out);
  CHECK(diagnose(apart({portal})) == Cause::captive_portal);
  CHECK(diagnose(apart({silent, portal})) == Cause::captive_portal);
  CHECK(diagnose(apart({waiting, portal})) == Cause::peer_away);
  CHECK(diagnose(apart({silent, nameless})) == Cause::nothing_gets_out);
  CHECK(diagnose(apart({silent, waiting})) == Cause::peer_away);
  CHECK(diagnose(apart({waiting, meeting})) == Cause::peer_silent);
  CHECK(diagnose(apart()) == Cause::no_relay);
}

TEST_CASE("what has only just been asked is waited for") {
  CHECK(diagnose(apart({asked})) == Cause::connecting);
  CHECK(diagnose(with(apart({waiting}), [](PathFacts& f) { f.since = 1s; })) == Cause::connecting);
}

TEST_CASE("a quota that is used up, a refusal, a wrong clock and an old version are told as such") {
  CHECK(diagnose(apart({{.answers = true, .over_quota = true, .peer_there = true}})) == Cause::relay_quota);
  CHECK(diagnose(with(relayed(changing, changing), [](PathFacts& f) { f.relays = {{.answers = true, .over_quota = true}}; })) == Cause::relay_quota);
  CHECK(diagnose(with(connected(), [](PathFacts& f) { f.relays = {{.answers = true, .over_quota = true}}; })) == Cause::direct);
  CHECK(diagnose(with(apart({meeting}), [](PathFacts& f) { f.we_are_office = f.refused = true; })) == Cause::refused);
  CHECK(diagnose(with(apart({meeting}), [](PathFacts& f) { f.clock_behind = true; })) == Cause::clock_wrong);
  CHECK(diagnose(with(apart(), [](PathFacts& f) { f.clock_behind = true; })) == Cause::clock_wrong);
  CHECK(diagnose(with(apart({meeting}), [](PathFacts& f) { f.upgrade_needed = true; })) == Cause::upgrade_needed);
}

TEST_CASE("a revocation stands above all else") {
  CHECK(diagnose(with(connected(), [](PathFacts& f) { f.revoked = true; })) == Cause::revoked);
  CHECK(diagnose(with(apart(), [](PathFacts& f) { f.revoked = true, f.has_address = false; })) == Cause::revoked);
}

TEST_CASE("a device that cannot know more says that it may no longer be allowed") {
  const std::string sentence = "The office is off or unreachable, or this device is no longer allowed. Ask the office.";
  for (Cause cause : {Cause::peer_away, Cause::peer_silent, Cause::no_relay}) {
    CHECK(explain(cause, false).sentence == sentence);
    CHECK(explain(cause, true).sentence != sentence);
  }
}

TEST_CASE("every cause has a name and plain words at both ends") {
  std::set<std::string> names;
  for (uint8_t i = 0; i <= static_cast<uint8_t>(last_cause); ++i) {
    auto cause = static_cast<Cause>(i);
    names.insert(name_of(cause));
    for (bool we_are_office : {false, true}) {
      Explanation words = explain(cause, we_are_office);
      INFO(name_of(cause));
      CHECK_THAT(words.sentence, Catch::EndsWith("."));
      for (const char* jargon : {"%", "NAT", "symmetric", "mapping"}) CHECK(words.sentence.find(jargon) == std::string::npos);
    }
  }
  CHECK(names.size() == static_cast<size_t>(last_cause) + 1);
  CHECK(std::string(name_of(last_cause)) == "no_relay");
}

TEST_CASE("whether an office can be reached is told from its addresses, its relays and its router") {
  auto reach = [](auto change) {
    ReachFacts f{.has_address = true, .relays = 1, .relays_answering = 1};
    change(f);
    return reach_of(f);
  };
  CHECK(reach([](ReachFacts& f) { f.has_address = false; }) == Reach::no_network);
  CHECK(reach([](ReachFacts& f) { f.mapped = true, f.relays_answering = 0; }) == Reach::open);
  CHECK(reach([](ReachFacts& f) { f.fixed = true, f.here = steady; }) == Reach::fixed);
  CHECK(reach([](ReachFacts& f) { f.public_v4 = true; }) == Reach::open);
  CHECK(reach([](ReachFacts& f) { f.public_v4 = true, f.here = {.mapping = Mapping::none, .filtering = Filtering::address_and_port_dependent}; }) == Reach::most_networks);
  CHECK(reach([](ReachFacts& f) { f.here = steady; }) == Reach::most_networks);
  CHECK(reach([](ReachFacts& f) { f.here = changing; }) == Reach::some_networks);
  CHECK(reach([](ReachFacts&) {}) == Reach::some_networks);
  CHECK(reach([](ReachFacts& f) { f.here = closed; }) == Reach::relay_only);
  CHECK(reach([](ReachFacts& f) { f.relays_answering = 0; }) == Reach::unknown);
  CHECK(reach([](ReachFacts& f) { f.relays_answering = 0, f.relays_silent = 1; }) == Reach::own_network);
  CHECK(reach([](ReachFacts& f) { f.relays = f.relays_answering = 0; }) == Reach::own_network);
  CHECK(reach([](ReachFacts& f) { f.relays = f.relays_answering = 0, f.global_v6 = true; }) == Reach::some_networks);
  CHECK(std::string(name_of(last_reach)) == "no_network");
}

TEST_CASE("what a network lets out is told by the relays that answer, and how") {
  auto outlet = [](auto change) {
    ReachFacts f{.has_address = true, .relays = 2, .relays_answering = 1};
    change(f);
    return outlet_of(f);
  };
  CHECK(outlet([](ReachFacts& f) { f.udp_passes = true; }) == Outlet::everything);
  CHECK(outlet([](ReachFacts& f) { f.udp_passes = false; }) == Outlet::web_only);
  CHECK(outlet([](ReachFacts& f) { f.udp_passes.reset(); }) == Outlet::udp_unknown);
  CHECK(outlet([](ReachFacts& f) { f.relays_answering = 0, f.relays_silent = 2; }) == Outlet::nothing);
  CHECK(outlet([](ReachFacts& f) { f.relays_answering = 0, f.relays_silent = f.names_unknown = 2; }) == Outlet::no_names);
  CHECK(outlet([](ReachFacts& f) { f.relays_answering = 0, f.captive_portal = true; }) == Outlet::captive_portal);
  CHECK(outlet([](ReachFacts& f) { f.relays = f.relays_answering = 0, f.captive_portal = true; }) == Outlet::captive_portal);
  CHECK(outlet([](ReachFacts& f) { f.udp_passes = false, f.captive_portal = true; }) == Outlet::web_only);
  CHECK(outlet([](ReachFacts& f) { f.relays = f.relays_answering = 0; }) == Outlet::unknown);
  CHECK(outlet([](ReachFacts& f) { f.has_address = false; }) == Outlet::no_network);
  CHECK(std::string(name_of(last_outlet)) == "udp_unknown");
  for (uint8_t i = 0; i <= static_cast<uint8_t>(last_outlet); ++i) CHECK_THAT(explain(static_cast<Outlet>(i)).sentence, Catch::EndsWith("."));
  for (uint8_t i = 0; i <= static_cast<uint8_t>(last_reach); ++i) CHECK_THAT(explain(static_cast<Reach>(i)).sentence, Catch::EndsWith("."));
}
