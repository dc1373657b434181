#include "protocol/traversal/candidate_table.hpp"

#include <algorithm>

#include "protocol/relay/relay_address.hpp"
#include "protocol/relay/wire.hpp"

namespace drawbridge::traversal {
namespace {

// A switch must be worth it: a fifth faster and at least so much, or two paths of one speed would flap.
constexpr double clearly_faster = 0.8;
constexpr Duration least_gain = 500us;
// What a direct path may be slower than a relayed one: a relay is somebody's, shared, and one more that can fail.
constexpr int direct_at_most = 2;
constexpr Duration direct_slack = 20ms;

}  // namespace

bool Candidate::relayed() const { return relay::is_relayed(path.remote); }

uint16_t Candidate::largest_packet() const {
  return static_cast<uint16_t>(relayed() ? relay::largest_payload : limits::largest_packet);
}

bool Candidate::asked(uint64_t transaction) const {
  if (loss.asked(transaction)) return true;
  return transaction != 0 && std::any_of(requests.begin(), requests.end(), [&](const Request& request) { return request.transaction == transaction; });
}

bool Candidate::asked_since(Instant then) const {
  return std::any_of(requests.begin(), requests.end(),
                     [&](const Request& request) { return request.transaction != 0 && request.padded_to == 0 && request.sent >= then; });
}

void Candidate::note_request(uint64_t transaction, Instant now, uint16_t padded_to, bool nominates) {
  requests[next_request++ % requests.size()] = {transaction, now, padded_to, nominates};
  if (padded_to == 0 && !silent_since) silent_since = now;
}

Duration Candidate::note_sample(Duration sample, Instant now) {
  rtt = rtt ? (*rtt * 3 + sample) / 4 : sample;
  last_answer = now;
  silent_since.reset();
  return sample;
}

std::optional<Duration> Candidate::note_answer(uint64_t transaction, Instant now) {
  if (auto sample = loss.note_answer(transaction, now)) return note_sample(*sample, now);
  for (Request& request : requests) {
    if (transaction == 0 || request.transaction != transaction) continue;
    request.transaction = 0;
    Duration sample = note_sample(now - request.sent, now);
    nomination_heard |= request.nominates;
    if (request.padded_to > 0) confirmed_size = request.padded_to;
    return sample;
  }
  return std::nullopt;
}

const AvoidedAddresses::Entry* AvoidedAddresses::find(const SocketAddress& remote) const {
  auto found = std::find_if(list_.begin(), list_.end(), [&](const Entry& entry) { return entry.ip == remote.ip; });
  return found == list_.end() ? nullptr : &*found;
}

void AvoidedAddresses::avoid(const SocketAddress& remote, Instant now) {
  const Entry* known = find(remote);
  bool again = known && now - known->until < limits::loss_memory;
  Duration pause = again ? std::min<Duration>(known->pause * 2, limits::loss_pause_longest) : Duration(limits::loss_pause_first);
  std::erase_if(list_, [&](const Entry& entry) { return entry.ip == remote.ip; });
  if (list_.size() > limits::loss_others) list_.erase(list_.begin());
  list_.push_back({remote.ip, true, now + pause, pause});
}

void AvoidedAddresses::forgive(const SocketAddress& remote) {
  for (Entry& entry : list_) {
    if (entry.ip == remote.ip) entry.avoided = false;
  }
}

bool AvoidedAddresses::contains(const SocketAddress& remote) const {
  const Entry* entry = find(remote);
  return entry && entry->avoided;
}

bool AvoidedAddresses::due(const SocketAddress& remote, Instant now) const {
  const Entry* entry = find(remote);
  return entry && entry->avoided && now >= entry->until;
}

bool AvoidedAddresses::any_due(Instant now) const {
  return std::any_of(list_.begin(), list_.end(), [&](const Entry& entry) { return entry.avoided && now >= entry.until; });
}

void AvoidedAddresses::forgive_due(Instant now) {
  for (Entry& entry : list_) entry.avoided = entry.avoided && now < entry.until;
}

Instant AvoidedAddresses::held_until() const {
  Instant last{};
  for (const Entry& entry : list_) last = entry.avoided ? std::max(last, entry.until) : last;
  return last;
}

void CandidateTable::set(const std::vector<SocketAddress>& remotes) {
  std::vector<Candidate> next;
  if (Candidate* used = active()) next.push_back(*used);
  for (const SocketAddress& remote : remotes) {
    bool there = std::any_of(next.begin(), next.end(), [&](const Candidate& c) { return c.path.remote == remote; });
    if (there || next.size() >= limits::candidates || remote.port == 0 || remote.is_unspecified()) continue;
    Candidate* known = find(remote);
    next.push_back(known ? *known : Candidate{.path = {{}, remote}});
  }
  active_ = active() ? 0 : none;
  list_ = std::move(next);
}

Candidate& CandidateTable::add(const Path& path) {
  if (Candidate* known = find(path.remote)) return *known;
  if (list_.size() >= limits::candidates) {
    if (active_ == list_.size() - 1) std::swap(list_[0], list_.back()), active_ = 0;
    list_.pop_back();
  }
  list_.insert(list_.begin(), Candidate{.path = path});
  if (active_ != none) ++active_;
  return list_.front();
}

Candidate* CandidateTable::find(const SocketAddress& remote) {
  auto found = std::find_if(list_.begin(), list_.end(), [&](const Candidate& c) { return c.path.remote == remote; });
  return found == list_.end() ? nullptr : &*found;
}

void CandidateTable::activate(const SocketAddress& remote) {
  for (size_t i = 0; i < list_.size(); ++i) {
    if (list_[i].path.remote == remote) active_ = i;
  }
}

bool CandidateTable::better_than_active(const Candidate& candidate, Instant now) const {
  const Candidate* used = active();
  if (!used) return true;
  if (used == &candidate || !candidate.rtt) return false;
  bool silent = used->silent_since && now - *used->silent_since > limits::path_suspect_after;
  bool never_answered = !used->rtt;
  if (silent || never_answered) return true;
  if (avoided_.contains(candidate.path.remote)) return false;
  if (used->relayed() && !candidate.relayed()) return *candidate.rtt <= direct_at_most * *used->rtt + direct_slack;
  if (candidate.relayed() && !used->relayed()) return false;
  return *candidate.rtt + least_gain < *used->rtt && candidate.rtt->count() < clearly_faster * static_cast<double>(used->rtt->count());
}

}  // namespace drawbridge::traversal
