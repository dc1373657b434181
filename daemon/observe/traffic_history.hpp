// TrafficHistory: how many bytes went to and from each peer, the last hour by minutes and the last day by quarters of an
// hour. In memory only: about 2.5 KiB for each peer that has carried anything.
#pragma once

#include <array>
#include <map>
#include <vector>

#include "protocol/node.hpp"

namespace drawbridge {

constexpr Duration traffic_fine = 1min, traffic_coarse = 15min;
constexpr size_t fine_steps = 60, coarse_steps = 96;

class TrafficHistory {
 public:
  struct Bytes {
    uint64_t sent = 0, received = 0;
  };
  struct Series {
    RelationKey peer;
    std::vector<Bytes> steps;  // oldest first, all of one length; the last is of the step that has not ended
  };

  // What the peers' counters say now (PeerStatus). What was counted since the last call is of the step that `now` is in.
  // Peers that are not there any more are forgotten.
  void sample(Instant now, const std::vector<PeerStatus>& peers);

  // As of the newest sample; peers without any traffic are left out.
  std::vector<Series> hour() const;
  std::vector<Series> day() const;

 private:
  template <size_t N>
  struct Ring {
    std::array<Bytes, N> steps{};
    int64_t newest = 0;  // number of the step last written to
    void advance(int64_t step);
    void add(int64_t step, const Bytes& bytes);
    std::vector<Bytes> ordered(int64_t step) const;
  };
  struct Peer {
    Bytes counted;
    Ring<fine_steps> fine;
    Ring<coarse_steps> coarse;
  };

  std::map<RelationKey, Peer> peers_;
  int64_t fine_step_ = 0, coarse_step_ = 0;
};

}  // namespace drawbridge
