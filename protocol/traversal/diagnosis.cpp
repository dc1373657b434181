#include "protocol/traversal/diagnosis.hpp"

#include <algorithm>

#include "protocol/base/limits.hpp"

namespace drawbridge::traversal {
namespace {

bool changes_ports(const NatBehaviour& nat) { return nat.mapping == Mapping::random || nat.mapping == Mapping::predictable; }
bool lets_in(const NatBehaviour& nat) { return nat.filtering == Filtering::independent_of_port; }
bool blocks_udp(const NatBehaviour& nat) { return nat.mapping == Mapping::udp_blocked; }

bool without_common_family(const PathFacts& f) {
  bool known = f.there_v4 || f.there_v6;
  return known && !(f.here_v4 && f.there_v4) && !(f.here_v6 && f.there_v6);
}

bool short_of_quota(const PathFacts& f) {
  return std::any_of(f.relays.begin(), f.relays.end(), [](const RelayFacts& r) { return r.answers && r.over_quota; });
}

Cause why_relayed(const PathFacts& f) {
  if (short_of_quota(f)) return Cause::relay_quota;
  if (blocks_udp(f.here)) return Cause::relayed_udp_blocked_here;
  if (blocks_udp(f.there)) return Cause::relayed_udp_blocked_there;
  if (f.direct_answers) return Cause::relayed_direct_worse;
  if (without_common_family(f)) return Cause::relayed_no_common_family;
  if (f.since < limits::direct_patience) return Cause::relayed_trying;
  if (changes_ports(f.here) && changes_ports(f.there)) return Cause::relayed_ports_both;
  // The other end's filtering decides, too: one that lets every port in would have heard us.
  if (changes_ports(f.here) && !lets_in(f.there)) return Cause::relayed_ports_here;
  if (changes_ports(f.there) && !lets_in(f.here)) return Cause::relayed_ports_there;
  return Cause::relayed_firewall;
}

template <typename Predicate>
bool any(const std::vector<RelayFacts>& relays, Predicate predicate) {
  return std::any_of(relays.begin(), relays.end(), predicate);
}
template <typename Predicate>
bool all(const std::vector<RelayFacts>& relays, Predicate predicate) {
  return std::all_of(relays.begin(), relays.end(), predicate);
}

// At least one relay answers.
Cause why_not_met(const PathFacts& f) {
  bool there = any(f.relays, [](const RelayFacts& r) { return r.answers && r.peer_there; });
  if (short_of_quota(f)) return Cause::relay_quota;
  if (!there) return Cause::peer_away;
  return f.clock_behind ? Cause::clock_wrong : Cause::peer_silent;
}

Cause why_no_relay_answers(const PathFacts& f) {
  if (f.relays.empty()) return f.clock_behind ? Cause::clock_wrong : Cause::no_relay;
  if (any(f.relays, [](const RelayFacts& r) { return r.captive_portal; })) return Cause::captive_portal;
  if (all(f.relays, [](const RelayFacts& r) { return r.name_unknown; })) return Cause::relay_name_unknown;
  if (!all(f.relays, [](const RelayFacts& r) { return r.silent || r.name_unknown; })) return Cause::connecting;
  // One relay may have stopped; several at a time rather tell of this network.
  return f.relays.size() > 1 ? Cause::nothing_gets_out : Cause::relay_silent;
}

}  // namespace

Cause diagnose(const PathFacts& f) {
  if (f.revoked) return Cause::revoked;
  if (f.connected) return f.relayed ? why_relayed(f) : Cause::direct;
  if (!f.has_address) return Cause::no_network;
  if (f.upgrade_needed) return Cause::upgrade_needed;
  if (f.refused) return Cause::refused;
  if (f.since < limits::connecting_patience) return Cause::connecting;
  bool answered = any(f.relays, [](const RelayFacts& r) { return r.answers; });
  return answered ? why_not_met(f) : why_no_relay_answers(f);
}

Reach reach_of(const ReachFacts& f) {
  if (!f.has_address) return Reach::no_network;
  bool firewalled = f.here.filtering == Filtering::address_and_port_dependent;
  if (f.mapped || (f.public_v4 && !firewalled)) return Reach::open;
  if (f.fixed) return Reach::fixed;
  bool met = f.relays_answering > 0;  // punching needs a place to meet
  if (met && (f.here.mapping == Mapping::endpoint_independent || f.here.mapping == Mapping::none)) return Reach::most_networks;
  if (met && blocks_udp(f.here)) return Reach::relay_only;
  if (met || f.global_v6) return Reach::some_networks;
  return f.relays > f.relays_silent ? Reach::unknown : Reach::own_network;
}

Outlet outlet_of(const ReachFacts& f) {
  if (!f.has_address) return Outlet::no_network;
  if (f.udp_passes == true) return Outlet::everything;
  if (f.relays_answering > 0) return f.udp_passes == false ? Outlet::web_only : Outlet::udp_unknown;
  if (f.captive_portal) return Outlet::captive_portal;
  if (f.relays == 0) return Outlet::unknown;
  return f.names_unknown == f.relays ? Outlet::no_names : Outlet::nothing;
}

}  // namespace drawbridge::traversal
