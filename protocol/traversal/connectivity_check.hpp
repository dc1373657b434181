// Sealed connectivity checks: how the two ends of a relation find out which addresses reach each other, and that the
// other end is alive, without a word to anybody else. Wire format: docs/spec/checks.md.
#pragma once

#include <optional>

#include "keys/entropy.hpp"
#include "protocol/base/address.hpp"
#include "protocol/quic/traffic_keys.hpp"

namespace drawbridge::traversal {

enum class CheckKind : uint8_t {
  request = 1,    // is answered, to the address that it came from
  response = 2,   // echoes the request's transaction
  restarted = 3,  // the sender's process is new: connections with the old one are over. Never answered
  looking = 4,    // device, to a multicast group: where is the office? Its counter is one of message 1's
  here = 5,       // office: the answer, with the question's transaction
};

struct ConnectivityCheck {
  CheckKind kind{};
  uint64_t counter = 0;         // of the sender towards this peer; begins at 1 with each boot id, always grows
  uint64_t sender_boot = 0;
  uint64_t receiver_boot = 0;   // as the sender knows it; 0: unknown
  uint64_t transaction = 0;     // random; a response repeats its request's
  bool nominate = false;        // device only: send to the address that this came from, from now on
  uint16_t confirmed_size = 0;  // largest datagram that the sender knows to pass both ways on this path; 0: unknown
  uint32_t round_trip_us = 0;   // of this path, as the sender measured it; 0: unknown
  SocketAddress observed;       // response: where the request came from (a reflexive address)
};

// Keys of one direction.
struct CheckKeys {
  Secret32 seal;
  Secret<16> tag;
};
CheckKeys check_keys(const quic::PairKeys& pair, quic::End towards);

// The datagram; padded to `datagram_size` if that is larger than needed.
Bytes seal_check(const ConnectivityCheck& check, const CheckKeys& keys, size_t datagram_size, Entropy& entropy);

// Whether any check has this size: without a key, for dropping what is none.
bool has_check_size(ByteView datagram);
// Whether the tag is right: cheap, for choosing among many pairs.
bool check_tag_matches(ByteView datagram, const CheckKeys& keys);
// Nothing: not sealed with these keys, or not in the fixed form.
std::optional<ConnectivityCheck> open_check(ByteView datagram, const CheckKeys& keys);

}  // namespace drawbridge::traversal
