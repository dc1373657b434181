// The addresses of this machine at which another computer could reach it, as the kernel lists them now.
#pragma once

#include <string>
#include <vector>

#include "keys/result.hpp"
#include "protocol/base/address.hpp"

namespace drawbridge {

// Whether an interface of this name belongs to containers, virtual machines or a VPN: addresses that no peer reaches.
bool is_virtual_interface(const std::string& name);

// Addresses (port 0) of interfaces that are up and have a carrier, best first: IPv4 of the local network, then public
// IPv4, then global and unique-local IPv6. Left out: loopback, IPv4 link-local, addresses not ready or deprecated, and
// virtual interfaces, these unless nothing else is left.
std::vector<SocketAddress> interface_addresses();

}  // namespace drawbridge
