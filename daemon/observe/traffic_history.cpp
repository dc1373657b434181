#include "daemon/observe/traffic_history.hpp"

#include <algorithm>

namespace drawbridge {
namespace {

// A counter that is smaller than before began anew.
uint64_t grown(uint64_t now, uint64_t before) { return now < before ? now : now - before; }

int64_t step_of(Instant now, Duration length) { return now.time_since_epoch() / length; }

}  // namespace

template <size_t N>
void TrafficHistory::Ring<N>::advance(int64_t step) {
  // The ring goes round once at most, however long nothing was counted.
  for (int64_t gone = std::max(newest + 1, step - static_cast<int64_t>(N) + 1); gone <= step; ++gone) steps[static_cast<size_t>(gone) % N] = {};
  newest = std::max(newest, step);
}

template <size_t N>
void TrafficHistory::Ring<N>::add(int64_t step, const Bytes& bytes) {
  advance(step);
  Bytes& into = steps[static_cast<size_t>(step) % N];
  into.sent += bytes.sent;
  into.received += bytes.received;
}

template <size_t N>
std::vector<TrafficHistory::Bytes> TrafficHistory::Ring<N>::ordered(int64_t step) const {
  Ring copy = *this;
  copy.advance(step);
  std::vector<Bytes> out;
  for (int64_t at = step + 1; at <= step + static_cast<int64_t>(N); ++at) out.push_back(copy.steps[static_cast<size_t>(at) % N]);
  return out;
}

void TrafficHistory::sample(Instant now, const std::vector<PeerStatus>& peers) {
  fine_step_ = step_of(now, traffic_fine);
  coarse_step_ = step_of(now, traffic_coarse);
  std::erase_if(peers_, [&](const auto& entry) {
    return std::none_of(peers.begin(), peers.end(), [&](const PeerStatus& peer) { return peer.key == entry.first; });
  });
  for (const PeerStatus& peer : peers) {
    auto known = peers_.find(peer.key);
    Bytes before = known == peers_.end() ? Bytes() : known->second.counted;
    Bytes more{grown(peer.bytes_sent, before.sent), grown(peer.bytes_received, before.received)};
    if (more.sent + more.received == 0) continue;
    Peer& history = peers_[peer.key];
    history.counted = {peer.bytes_sent, peer.bytes_received};
    history.fine.add(fine_step_, more);
    history.coarse.add(coarse_step_, more);
  }
}

std::vector<TrafficHistory::Series> TrafficHistory::hour() const {
  std::vector<Series> out;
  for (const auto& [key, peer] : peers_) out.push_back({key, peer.fine.ordered(fine_step_)});
  return out;
}

std::vector<TrafficHistory::Series> TrafficHistory::day() const {
  std::vector<Series> out;
  for (const auto& [key, peer] : peers_) out.push_back({key, peer.coarse.ordered(coarse_step_)});
  return out;
}

}  // namespace drawbridge
