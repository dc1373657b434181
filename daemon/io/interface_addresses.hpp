// The addresses of this machine at which another computer could reach it, as the kernel lists them now.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "daemon/io/interface_kind.hpp"
#include "protocol/base/address.hpp"

namespace drawbridge {

// All interfaces, by the kernel's number.
std::map<uint32_t, InterfaceFacts> interface_facts();

// An address (port 0) and the kernel's number of the interface that has it.
struct InterfaceAddress {
  uint32_t interface = 0;
  SocketAddress address;
};

// Of interfaces that lead into a local network of other computers: they carry multicast, and are no dialled lines,
// containers' or VPNs'. In the kernel's order.
std::vector<InterfaceAddress> lan_addresses();

// Addresses (port 0) of interfaces that are up and have a carrier, best first: IPv4 of the local network, then public
// IPv4, then global and unique-local IPv6. Left out: loopback, IPv4 link-local, addresses not ready or deprecated, and
// those of containers and VPNs (interface_kind.hpp), these unless nothing else is left.
std::vector<SocketAddress> interface_addresses();

}  // namespace drawbridge
