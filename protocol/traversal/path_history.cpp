#include "protocol/traversal/path_history.hpp"

#include <algorithm>

#include "protocol/relay/relay_address.hpp"

namespace drawbridge::traversal {

const char* name_of(PathReason reason) {
  constexpr const char* names[] = {"first", "silent", "direct", "faster", "nominated", "back", "ended", "loss"};
  return names[static_cast<size_t>(reason)];
}

const char* name_of(CandidateKind kind) {
  constexpr const char* names[] = {"host", "outside", "relayed"};
  return names[static_cast<size_t>(kind)];
}

CandidateKind kind_of(const SocketAddress& remote) {
  if (relay::is_relayed(remote)) return CandidateKind::relayed;
  bool local = remote.is_loopback() || remote.is_link_local();
  if (remote.is_v4()) {
    uint8_t a = remote.ip[12], b = remote.ip[13];
    local = local || a == 10 || (a == 172 && (b & 0xf0) == 16) || (a == 192 && b == 168);  // RFC 1918
  } else {
    local = local || (remote.ip[0] & 0xfe) == 0xfc;  // RFC 4193
  }
  return local ? CandidateKind::host : CandidateKind::outside;
}

std::optional<double> CandidatePair::loss(Instant now) const {
  size_t due = 0, lost = 0;
  for (const Check& check : checks) {
    bool open = check.transaction == 0 || (!check.answered && now - check.sent < limits::history_answer_patience);
    if (open) continue;
    ++due;
    if (!check.answered) ++lost;
  }
  if (due == 0) return std::nullopt;
  return static_cast<double>(lost) / static_cast<double>(due);
}

CandidatePair* PathHistory::find(const SocketAddress& remote) {
  auto found = std::find_if(pairs_.begin(), pairs_.end(), [&](const CandidatePair& pair) { return pair.path.remote == remote; });
  return found == pairs_.end() ? nullptr : &*found;
}

const CandidatePair* PathHistory::in_use() const {
  auto found = std::find_if(pairs_.begin(), pairs_.end(), [](const CandidatePair& pair) { return pair.in_use; });
  return found == pairs_.end() ? nullptr : &*found;
}

// Full: the one that nothing has happened to for longest goes.
CandidatePair& PathHistory::pair_for(Now now, const Path& path, const std::string& relay) {
  CandidatePair* pair = find(path.remote);
  if (!pair && pairs_.size() >= limits::history_pairs) {
    auto oldest = std::min_element(pairs_.begin(), pairs_.end(), [](const CandidatePair& a, const CandidatePair& b) {
      return std::pair(a.in_use, a.last_change) < std::pair(b.in_use, b.last_change);
    });
    pairs_.erase(oldest);
  }
  if (!pair) {
    pairs_.push_back({.path = path, .relay = relay, .first_asked = now.wall});
    pair = &pairs_.back();
  }
  pair->last_change = now.boot;
  return *pair;
}

void PathHistory::note_asked(Now now, const Path& path, const std::string& relay, uint64_t transaction) {
  CandidatePair& pair = pair_for(now, path, relay);
  pair.path.local = path.local;
  ++pair.asked;
  pair.checks[pair.next_check++ % pair.checks.size()] = {transaction, now.boot, false};
}

void PathHistory::note_answer(Now now, const SocketAddress& remote, uint64_t transaction) {
  CandidatePair* pair = find(remote);
  if (!pair) return;
  for (CandidatePair::Check& check : pair->checks) {
    if (transaction == 0 || check.transaction != transaction || check.answered) continue;
    check.answered = true;
    ++pair->answered;
    pair->rtt = now.boot - check.sent;
    pair->best_rtt = std::min(pair->best_rtt.value_or(*pair->rtt), *pair->rtt);
    pair->last_answer = now.wall;
    pair->last_change = now.boot;
  }
}

void PathHistory::note_use(Now now, const SocketAddress& remote, const std::string& relay, PathReason reason) {
  const CandidatePair* before = in_use();
  if (before && before->path.remote == remote) return;
  leave(now, reason);
  CandidatePair& pair = pair_for(now, Path{{}, remote}, relay);
  pair.in_use = true;
  pair.left.reset();
  pair.left_at.reset();
  transitions_.push_back({now.wall, remote, relay, reason});
  if (transitions_.size() > limits::history_transitions) transitions_.pop_front();
}

void PathHistory::note_none(Now now, PathReason reason) {
  if (!in_use()) return;
  leave(now, reason);
  transitions_.push_back({now.wall, std::nullopt, {}, reason});
  if (transitions_.size() > limits::history_transitions) transitions_.pop_front();
}

void PathHistory::leave(Now now, PathReason reason) {
  for (CandidatePair& pair : pairs_) {
    if (!std::exchange(pair.in_use, false)) continue;
    pair.left = reason;
    pair.left_at = now.wall;
  }
}

}  // namespace drawbridge::traversal
