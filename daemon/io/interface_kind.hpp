// Which of this machine's network interfaces lead to other computers, and which only to containers, virtual machines
// or a VPN, whose addresses no peer reaches.
#pragma once

#include <string>
#include <vector>

#include "protocol/base/address.hpp"

namespace drawbridge {

// One interface as rtnetlink(7) describes it.
struct InterfaceFacts {
  std::string name;
  std::string kind;                   // IFLA_INFO_KIND: "bridge", "veth", "tun", ...; empty: hardware, or not told
  bool hardware = false;              // a device of a bus is behind it (IFLA_PARENT_DEV_NAME, Linux 5.14)
  std::vector<InterfaceFacts> ports;  // of a bridge
};

// The kind decides where the kernel tells it, the name where it does not. A bridge is as good as the best of its ports:
// docker0 has ends of containers only, a server's br0 also the network card.
bool is_virtual_interface(const InterfaceFacts& interface);

// A dialled line (PPP) is an uplink if its address is public, else somebody's VPN.
bool is_virtual_address(const InterfaceFacts& interface, const SocketAddress& address);

}  // namespace drawbridge
