// LAN discovery: how a device finds its office in the network that both are in, when no address that it knows answers.
// It sends a sealed check to multicast groups; the office answers to where the check came from. To everybody else both
// are noise. docs/spec/traversal.md, *In one network*.
// Pure: when to ask, and which answers count. What a check is, and who may answer it, is the caller's (peer_lan.cpp).
#pragma once

#include <array>

#include "keys/entropy.hpp"
#include "protocol/base/address.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/base/token_bucket.hpp"

namespace drawbridge::traversal {

// One group of each family: IPv4's local scope (RFC 2365 6.1), IPv6 link-local and transient (RFC 4291 2.7). An ordinary
// path's remote address; the driver sends it by every interface that leads to other computers, and no router passes it on.
std::array<SocketAddress, 2> lan_groups();
bool is_lan_group(const SocketAddress& address);

class LanSearch {
 public:
  // Whether to ask now, after an outage of `down`. Takes from the rate if so.
  bool due(Instant now, Duration down);
  // A new question: the transaction of its checks. Answers to earlier ones count no more.
  uint64_t begin(Entropy& entropy);
  // Whether this answers the newest question; true for the first limits::lan_answers only, since an answer can be
  // repeated by whoever has heard it.
  bool take_answer(uint64_t transaction);

 private:
  TokenBucket questions_{limits::lan_questions_per_second, limits::lan_questions_burst};
  uint64_t transaction_ = 0;
  size_t answers_ = 0;
};

}  // namespace drawbridge::traversal
