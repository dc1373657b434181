// The addresses at which a peer may be reached, what checks have shown about each, and which one is in use.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "protocol/base/address.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/base/time.hpp"
#include "protocol/traversal/loss_count.hpp"

namespace drawbridge::traversal {

struct Candidate {
  Path path;
  std::optional<Duration> rtt;         // smoothed over answered checks
  Instant last_answer{};
  SocketAddress observed;              // where our questions come from, as its newest answer says; port 0: not known
  uint16_t confirmed_size = 0;         // 0: only limits::smallest_packet is known to pass
  std::optional<Instant> silent_since; // when the first request was sent that nothing has answered since
  LossCount loss;                      // of checks that were sent to count losses
  // The newest requests, so that an answer that takes longer than the next request still counts.
  struct Request {
    uint64_t transaction = 0;          // 0: none, or answered
    Instant sent{};
    uint16_t padded_to = 0;            // 0: not padded
    bool nominates = false;
  };
  std::array<Request, 4> requests;
  size_t next_request = 0;
  bool nomination_heard = false;       // a request that named this address as the one to use has been answered

  bool relayed() const;
  // The largest packet that is worth trying on this path.
  uint16_t largest_packet() const;
  // Whether this is one of the newest requests that went to this address and have not been answered.
  bool asked(uint64_t transaction) const;
  // Whether one of them is as young as that.
  bool asked_since(Instant then) const;
  void note_request(uint64_t transaction, Instant now, uint16_t padded_to, bool nominates = false);
  // The round trip, and what an answer proves about sizes; nothing if it answers none of the requests.
  std::optional<Duration> note_answer(uint64_t transaction, Instant now);
  Duration note_sample(Duration sample, Instant now);
};

// Far ends that lost too much, by their IP address: a router gives each fresh socket another port, whose way is the same.
class AvoidedAddresses {
 public:
  void avoid(const SocketAddress& remote, Instant now);  // for longer each time within limits::loss_memory
  void forgive(const SocketAddress& remote);
  bool contains(const SocketAddress& remote) const;
  bool due(const SocketAddress& remote, Instant now) const;  // is avoided, and may be measured again
  bool any_due(Instant now) const;
  void forgive_due(Instant now);       // those that a measurement has not reached
  Instant held_until() const;          // of those that are avoided, the last to be measured again
  void forget() { list_.clear(); }

 private:
  struct Entry {
    std::array<uint8_t, 16> ip{};
    bool avoided = false;
    Instant until{};
    Duration pause{};
  };
  const Entry* find(const SocketAddress& remote) const;
  std::vector<Entry> list_;  // at most limits::loss_others + 1: oldest first
};

class CandidateTable {
 public:
  // Replaces the list, keeping what is known of addresses that stay; the one in use stays in any case.
  void set(const std::vector<SocketAddress>& remotes);
  // Adds one, in front; the oldest beyond the limit goes.
  Candidate& add(const Path& path);
  Candidate* find(const SocketAddress& remote);

  Candidate* active() { return active_ < list_.size() ? &list_[active_] : nullptr; }
  const Candidate* active() const { return active_ < list_.size() ? &list_[active_] : nullptr; }
  void activate(const SocketAddress& remote);
  // Whether `candidate` deserves to be used instead of the active one: that one does not answer, or is clearly slower,
  // or takes the way over a relay although a direct one is not much longer.
  bool better_than_active(const Candidate& candidate, Instant now) const;

  AvoidedAddresses& avoided() { return avoided_; }
  const AvoidedAddresses& avoided() const { return avoided_; }

  std::vector<Candidate>& list() { return list_; }
  const std::vector<Candidate>& list() const { return list_; }

 private:
  static constexpr size_t none = SIZE_MAX;
  std::vector<Candidate> list_;
  AvoidedAddresses avoided_;
  size_t active_ = none;
};

}  // namespace drawbridge::traversal
