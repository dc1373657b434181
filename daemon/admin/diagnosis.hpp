// Facts from the node and from this machine, put together for protocol/traversal/diagnosis.hpp; and the documents that
// tell what comes of them.
#pragma once

#include "daemon/admin/scope.hpp"

namespace drawbridge::admin {

traversal::PathFacts path_facts(Scope& scope, const PeerStatus& peer);

// Why a peer is not connected or relayed, in a sentence; null when it is connected directly.
Value cause_of(Scope& scope, const PeerStatus& peer);

// The document of `why`.
Value why_document(Scope& scope, const PeerStatus& peer);

// Whether this computer has a network: anything but loopback, unless that is all that it was told to listen on.
bool has_network(Scope& scope);
// Every address of this computer at which peers may be told to look for it.
traversal::ReachFacts reach_facts(Scope& scope);
// {"code","sentence","remedy"}; null on a computer that is nobody's office.
Value reach_document(Scope& scope);

// Every candidate pair of a peer, and every change of the path in use.
Value history_document(Scope& scope, const PeerStatus& peer);
// The newest changes of the path in use, oldest first.
Value transitions_document(Scope& scope, const RelationKey& key, size_t most);
// The share of lost checks on the path in use; null if unknown.
Value loss_of(Scope& scope, const RelationKey& key);

}  // namespace drawbridge::admin
