// What the router in front of a node does with its UDP packets, learned from how far ends see the node's one socket.
// Words are RFC 4787's (4.1 mapping, 5 filtering); the method is RFC 5780's, with relays for STUN servers.
#pragma once

#include <span>
#include <string_view>

#include "protocol/base/address.hpp"

namespace drawbridge::traversal {

// Which address far ends see. Sent to peers: never renumber.
enum class Mapping : uint8_t {
  unknown = 0,               // fewer than two far ends have answered
  none = 1,                  // no translation: far ends see an address of ours
  endpoint_independent = 2,  // all far ends see one address and port
  predictable = 3,           // each far end sees another port: the last one plus `port_delta`
  random = 4,                // each far end sees a port that nothing foretells
  udp_blocked = 5,           // no UDP gets out
};
std::string_view name_of(Mapping mapping);  // the enumerator's name

// Whose packets are let in through a mapping. Sent to peers: never renumber.
enum class Filtering : uint8_t {
  unknown = 0,
  independent_of_port = 1,         // endpoint-independent, or address-dependent: one far end's address cannot tell
  address_and_port_dependent = 2,  // only those that were written to
};
std::string_view name_of(Filtering filtering);

struct NatBehaviour {
  Mapping mapping = Mapping::unknown;
  Filtering filtering = Filtering::unknown;
  int16_t port_delta = 0;  // of `predictable`; never 0 there
  bool operator==(const NatBehaviour&) const = default;
};

// One far end's view of our socket.
struct Observation {
  SocketAddress far_end;    // of a relay: its main port or one of its observation ports
  SocketAddress reflexive;  // where our packet came from, as it says
  bool operator==(const Observation&) const = default;
};

// `seen` in the order in which the far ends were first written to; `own`: this machine's addresses with the socket's
// port. Only far ends of one family are compared: IPv4 if there is any. Filtering cannot be told from this.
// Far ends at one address only do not tell address-dependent mapping from endpoint-independent: it counts as the
// latter, and what is tried in vain for that reason is bounded.
NatBehaviour classify(std::span<const Observation> seen, std::span<const SocketAddress> own);

// The step between ports that a router gave out one after the other; 0: not such a router.
int16_t port_delta(uint16_t earlier, uint16_t later);

}  // namespace drawbridge::traversal
