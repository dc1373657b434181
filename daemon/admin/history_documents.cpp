// The candidate pairs of a peer and the changes of the path in use, as documents.
#include "daemon/admin/diagnosis.hpp"
#include "daemon/admin/documents.hpp"
#include "daemon/admin/rfc3339.hpp"

namespace drawbridge::admin {

using traversal::CandidatePair;
using traversal::PathTransition;

namespace {

Value time_or_null(const std::optional<WallTime>& time) { return time ? Value(to_rfc3339(*time)) : Value(); }

// A relay's mailbox has a made-up address that tells people nothing.
Value remote_of(const SocketAddress& remote, const std::string& relay) { return relay.empty() ? Value(to_text(remote)) : Value(); }

Value pair_document(const CandidatePair& pair, Instant now) {
  return Value::map({{"kind", name_of(traversal::kind_of(pair.path.remote))},
                     {"local", pair.path.local.is_unspecified() ? Value() : Value(to_text(pair.path.local))},
                     {"remote", remote_of(pair.path.remote, pair.relay)},
                     {"relay", text_or_null(pair.relay)},
                     {"in_use", pair.in_use},
                     {"first_asked", to_rfc3339(pair.first_asked)},
                     {"asked", pair.asked},
                     {"answered", pair.answered},
                     {"rtt_ms", milliseconds(pair.rtt)},
                     {"best_rtt_ms", milliseconds(pair.best_rtt)},
                     {"loss", Value(pair.loss(now))},
                     {"last_answer", time_or_null(pair.last_answer)},
                     {"left", pair.left ? Value(name_of(*pair.left)) : Value()},
                     {"left_at", time_or_null(pair.left_at)}});
}

Value transition_document(const PathTransition& transition) {
  bool none = !transition.remote;
  return Value::map({{"at", to_rfc3339(transition.at)},
                     {"kind", none ? Value() : Value(transition.relay.empty() ? "direct" : "relayed")},
                     {"remote", none ? Value() : remote_of(*transition.remote, transition.relay)},
                     {"relay", text_or_null(transition.relay)},
                     {"reason", name_of(transition.reason)}});
}

}  // namespace

Value transitions_document(Scope& scope, const RelationKey& key, size_t most) {
  Value out = Value::array();
  const traversal::PathHistory* history = scope.node().path_history(key);
  if (!history) return out;
  const auto& all = history->transitions();
  for (size_t i = all.size() > most ? all.size() - most : 0; i < all.size(); ++i) out.push(transition_document(all[i]));
  return out;
}

Value loss_of(Scope& scope, const RelationKey& key) {
  const traversal::PathHistory* history = scope.node().path_history(key);
  const CandidatePair* used = history ? history->in_use() : nullptr;
  return used ? Value(used->loss(scope.now().boot)) : Value();
}

Value history_document(Scope& scope, const PeerStatus& peer) {
  Value pairs = Value::array();
  if (const traversal::PathHistory* history = scope.node().path_history(peer.key)) {
    for (const CandidatePair& pair : history->pairs()) pairs.push(pair_document(pair, scope.now().boot));
  }
  return Value::map({{"id", to_text(peer.key.peer)},
                     {"name", peer.name},
                     {"role", role_name(peer.key.role)},
                     {"why", why_document(scope, peer)},
                     {"pairs", std::move(pairs)},
                     {"transitions", transitions_document(scope, peer.key, limits::history_transitions)}});
}

}  // namespace drawbridge::admin
