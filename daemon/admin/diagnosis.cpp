#include "daemon/admin/diagnosis.hpp"

#include <algorithm>

#include "daemon/admin/documents.hpp"

namespace drawbridge::admin {

using traversal::Cause;
using traversal::Explanation;
using traversal::PathFacts;
using traversal::ReachFacts;
using traversal::RelayFacts;

namespace {

const char* relay_state(const RelayFacts& relay) {
  if (relay.answers) return relay.over_quota ? "over_quota" : "ready";
  if (relay.captive_portal) return "captive_portal";
  if (relay.name_unknown) return "name_unknown";
  return relay.silent ? "silent" : "waiting";
}

// A relay inside this network sees nothing of what is outside.
bool is_inside(const relay::RelayStatus& relay) { return relay.reflexive && !is_public_address(*relay.reflexive); }

Value relays_document(const PathFacts& facts) {
  Value out = Value::array();
  for (const RelayFacts& relay : facts.relays) {
    out.push(Value::map({{"url", relay.url}, {"state", relay_state(relay)}, {"peer_there", relay.peer_there}}));
  }
  return out;
}

Value nat_document(const traversal::NatBehaviour& nat) {
  return Value::map({{"mapping", name_of(nat.mapping)}, {"filtering", name_of(nat.filtering)}});
}

Value facts_document(const PathFacts& facts) {
  return Value::map({{"network", facts.has_address},
                     {"ipv4", facts.here_v4},
                     {"ipv6", facts.here_v6},
                     {"nat", nat_document(facts.here)},
                     {"peer_ipv4", facts.there_v4},
                     {"peer_ipv6", facts.there_v6},
                     {"peer_nat", nat_document(facts.there)},
                     {"direct_answers", facts.direct_answers},
                     {"refused", facts.refused},
                     {"clock_behind", facts.clock_behind},
                     {"relays", relays_document(facts)}});
}

}  // namespace

bool has_network(Scope& scope) {
  auto loopback = [](const SocketAddress& address) { return address.is_loopback(); };
  std::vector<SocketAddress> listening = scope.driver.listening(), reachable = scope.reachable();
  bool nothing_else_wanted = std::all_of(listening.begin(), listening.end(), loopback);
  return nothing_else_wanted || !std::all_of(reachable.begin(), reachable.end(), loopback);
}

PathFacts path_facts(Scope& scope, const PeerStatus& peer) {
  auto facts = scope.node().path_facts(scope.now(), peer.key);
  if (!facts) {  // a revoked device, whose keys are gone
    PathFacts gone;
    gone.we_are_office = peer.key.role == PeerRole::device;
    gone.revoked = true;
    return gone;
  }
  facts->has_address = has_network(scope);
  for (RelayFacts& relay : facts->relays) {
    relay.name_unknown = !relay.answers && scope.relay_links.name_unknown(relay.url);
    relay.captive_portal = !relay.answers && scope.relay_links.captive_portal(relay.url);
  }
  return *facts;
}

Value cause_of(Scope& scope, const PeerStatus& peer) {
  Cause cause = diagnose(path_facts(scope, peer));
  return cause == Cause::direct ? Value() : Value(explain(cause, peer.key.role == PeerRole::device).sentence);
}

Value why_document(Scope& scope, const PeerStatus& peer) {
  PathFacts facts = path_facts(scope, peer);
  Cause cause = diagnose(facts);
  Explanation words = explain(cause, facts.we_are_office);
  return Value::map({{"id", to_text(peer.key.peer)},
                     {"name", peer.name},
                     {"role", role_name(peer.key.role)},
                     {"state", state_name(peer.state)},
                     {"cause", name_of(cause)},
                     {"sentence", words.sentence},
                     {"remedy", text_or_null(words.remedy)},
                     {"path", peer.state == PeerState::connected ? path_document(scope, peer) : Value()},
                     {"facts", facts_document(facts)}});
}

ReachFacts reach_facts(Scope& scope) {
  ReachFacts facts;
  facts.has_address = has_network(scope);
  for (const SocketAddress& address : scope.reachable()) {
    bool global = is_public_address(address);
    (address.is_v4() ? facts.public_v4 : facts.global_v6) |= global;
  }
  facts.mapped = scope.outside.any_mapped();
  facts.fixed = scope.outside.any_fixed();
  facts.udp_passes = scope.node().network().udp_passes;
  facts.here = scope.node().network().behaviour;
  std::vector<relay::RelayStatus> used = scope.node().relays();
  facts.relays = std::max(used.size(), scope.node().own_relays().size());
  for (const relay::RelayStatus& relay : used) {
    facts.captive_portal |= !relay.ready && scope.relay_links.captive_portal(relay.address.url);
    if (is_inside(relay)) {
      --facts.relays;
      continue;
    }
    if (relay.ready) ++facts.relays_answering;
    bool nameless = !relay.ready && scope.relay_links.name_unknown(relay.address.url);
    if (nameless) ++facts.names_unknown;
    if (relay.silent || nameless) ++facts.relays_silent;
  }
  return facts;
}

Value reach_document(Scope& scope) {
  if (!scope.node().is_office()) return {};
  traversal::Reach reach = reach_of(reach_facts(scope));
  Explanation words = explain(reach);
  return Value::map({{"code", name_of(reach)}, {"sentence", words.sentence}, {"remedy", text_or_null(words.remedy)}});
}

}  // namespace drawbridge::admin
