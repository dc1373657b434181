// From the sockets' addresses and the interfaces' addresses: where peers can send datagrams to.
#pragma once

#include <vector>

#include "protocol/base/address.hpp"

namespace drawbridge {

// One per bound address, in the interfaces' order; a socket on every address stands for each interface address of its
// family. Nothing but loopback: those sockets' own addresses, and 127.0.0.1 for a socket on every address of a
// machine without a network, so that two nodes on one machine still meet.
std::vector<SocketAddress> local_endpoints(const std::vector<SocketAddress>& bound,
                                           const std::vector<SocketAddress>& interfaces);

}  // namespace drawbridge
