// Why a peer is reached as it is, or not at all: a decision from measured facts alone, and its words for people. What is
// decided here changes nothing; `drawbridge why`, `status` and `netcheck` tell it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "protocol/base/time.hpp"
#include "protocol/traversal/nat_behaviour.hpp"

namespace drawbridge::traversal {

// One relay by which a peer can be reached.
struct RelayFacts {
  std::string url;
  bool name_unknown = false;    // its name is not found: the driver's word
  bool captive_portal = false;  // another web server sent us elsewhere in its place: likewise
  bool silent = false;          // asked for long enough, by each of its transports, and has not answered
  bool answers = false;
  bool over_quota = false;      // it drops packets of ours
  bool peer_there = false;      // the peer's end of the mailbox is open
};

struct PathFacts {
  bool we_are_office = false;   // the peer is a device of ours; else it is our office
  bool connected = false;
  Duration since{};             // connected or not connected, for so long

  // Connected.
  bool relayed = false;
  bool direct_answers = false;  // a direct address has answered lately, and is not used

  // Not connected.
  bool revoked = false;
  bool upgrade_needed = false;  // the last handshake found no common version
  bool refused = false;         // office: the device's newest attempt was turned away
  bool clock_behind = false;    // our clock shows a time before the pairing

  // Both.
  bool has_address = false;     // this computer has a network
  bool here_v4 = false, here_v6 = false;
  bool there_v4 = false, there_v6 = false;   // among the peer's addresses; all false: none is known
  NatBehaviour here, there;     // `unknown` where not known
  std::vector<RelayFacts> relays;
};

// docs/spec/admin.md lists them: never rename.
enum class Cause : uint8_t {
  direct,
  relayed_udp_blocked_here,
  relayed_udp_blocked_there,
  relayed_direct_worse,
  relayed_no_common_family,
  relayed_trying,
  relayed_ports_both,           // both routers give every destination another port
  relayed_ports_here,           // ours does, and the other's lets in only what it was asked for
  relayed_ports_there,
  relayed_firewall,             // nothing of that: what is sent directly does not arrive
  revoked,
  no_network,
  upgrade_needed,
  connecting,
  relay_quota,
  peer_away,                    // the relay answers; the peer is not there
  peer_silent,                  // the peer is at the relay and does not answer
  refused,
  clock_wrong,
  captive_portal,               // this network answers in a relay's place, until somebody has signed in
  nothing_gets_out,
  relay_name_unknown,
  relay_silent,
  no_relay,                     // none is named, and no address answers
};
constexpr Cause last_cause = Cause::no_relay;
const char* name_of(Cause cause);   // the enumerator's name

Cause diagnose(const PathFacts& facts);

struct Explanation {
  std::string sentence;         // what is so
  std::string remedy;           // what would help; empty: nothing is to be done
};
// For the person at this computer; `we_are_office` as in the facts.
Explanation explain(Cause cause, bool we_are_office);

// --- can this office be reached from outside? ------------------------------------------------------------------------

struct ReachFacts {
  bool has_address = false;
  bool public_v4 = false;       // one of our own addresses
  bool global_v6 = false;       // likewise
  bool mapped = false;          // a router has given us a port
  bool fixed = false;           // the owner has named an address
  size_t relays = 0, relays_answering = 0, relays_silent = 0;
  size_t names_unknown = 0;     // of the silent ones: whose names are not found
  bool captive_portal = false;  // answered in the place of one of them
  std::optional<bool> udp_passes;
  NatBehaviour here;
};

enum class Reach : uint8_t {
  open,             // from everywhere, directly
  fixed,            // the same, if somebody really forwards what the owner says
  most_networks,    // directly but for devices behind the strictest routers
  some_networks,    // directly from networks with IPv6 or open routers, else by relay
  relay_only,
  own_network,      // only devices in the same network reach it
  unknown,          // relays have been asked just now
  no_network,
};
constexpr Reach last_reach = Reach::no_network;
const char* name_of(Reach reach);
Reach reach_of(const ReachFacts& facts);
Explanation explain(Reach reach);

// --- what does this network let out? -------------------------------------------------------------------------------

enum class Outlet : uint8_t {
  everything,
  web_only,         // relays answer by WebSocket, not by UDP
  captive_portal,   // no relay answers, and another web server in a relay's place
  nothing,          // no relay answers
  no_names,         // relays' names are not found
  no_network,
  unknown,          // no relay is known that could be asked
  udp_unknown,      // a relay answers, but none outside this network that could show whether UDP gets out
};
constexpr Outlet last_outlet = Outlet::udp_unknown;
const char* name_of(Outlet outlet);
Outlet outlet_of(const ReachFacts& facts);
Explanation explain(Outlet outlet);

}  // namespace drawbridge::traversal
