// What one relation knows about its way to the peer, for people who ask why.
#include <algorithm>

#include "protocol/peer.hpp"

namespace drawbridge {

using traversal::Candidate;
using traversal::PathReason;

namespace {

// A clock that is behind by less may only be set a little wrong.
constexpr int64_t clock_slack_ms = 24 * 3600 * 1000;

// Whether it has answered the newest round of probes.
bool answers(const Candidate& candidate, Instant now) {
  bool silent = candidate.silent_since && now - *candidate.silent_since > limits::path_suspect_after;
  return candidate.rtt && !silent && now - candidate.last_answer < 3 * limits::probe_interval;
}

bool has_family(const std::vector<SocketAddress>& addresses, bool v4) {
  return std::any_of(addresses.begin(), addresses.end(), [&](const SocketAddress& address) { return address.is_v4() == v4; });
}

}  // namespace

traversal::PathFacts Peer::path_facts(Now now) const {
  traversal::PathFacts f;
  f.we_are_office = is_office();
  f.connected = session_ && announced_ && suspended_at_ == far_future;
  f.since = now.boot - (f.connected ? searching_since_ : down_since_);
  f.relayed = f.connected && session_->path && relay::is_relayed(session_->path->remote);
  f.revoked = revoked();
  f.upgrade_needed = upgrade_needed_;
  f.refused = refused_at_ != Instant{} && refused_at_ >= down_since_ && now.boot - refused_at_ < limits::refusal_told_for;
  f.clock_behind = now.wall.unix_ms < record_.paired_at.unix_ms - clock_slack_ms;
  f.has_address = !core_.local_addresses.empty();
  f.here_v4 = has_family(core_.local_addresses, true);
  f.here_v6 = has_family(core_.local_addresses, false);
  f.there_v4 = peer_families_.v4;
  f.there_v6 = peer_families_.v6;
  const bool told = f.there_v4 || f.there_v6;  // then an address that it had before, and that is silent, counts no more
  for (const Candidate& candidate : candidates_.list()) {
    if (candidate.relayed()) continue;
    bool answering = answers(candidate, now.boot);
    if (answering || !told) (candidate.path.remote.is_v4() ? f.there_v4 : f.there_v6) = true;
    f.direct_answers = f.direct_answers || answering;
  }
  f.here = core_.nat_behaviour();
  f.there = peer_nat_;
  for (const auto& [relay, mailbox] : mailboxes_) {
    const relay::RelayStatus* status = core_.relays.status_of(mailbox);
    if (!status) continue;
    f.relays.push_back({.url = relay.url, .silent = status->silent, .answers = status->ready,
                        .over_quota = core_.relays.is_over_quota(mailbox), .peer_there = core_.relays.is_joined(mailbox)});
  }
  return f;
}

void Peer::note_use(Now now, const SocketAddress& remote) {
  const traversal::CandidatePair* used = history_.in_use();
  const Candidate* active = candidates_.active();
  PathReason reason = PathReason::faster;
  if (auto told = std::exchange(history_reason_, std::nullopt)) reason = *told;
  else if (!used) reason = PathReason::first;
  else if (active && active->silent_since && now.boot - *active->silent_since > limits::path_suspect_after) reason = PathReason::silent;
  else if (is_office()) reason = PathReason::nominated;
  else if (!used->relay.empty() && !relay::is_relayed(remote)) reason = PathReason::direct;
  history_.note_use(now, remote, relay_of(remote), reason);
}

}  // namespace drawbridge
