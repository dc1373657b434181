// The routers through which this computer reaches the internet, and what asking them for a port has shown.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "protocol/base/address.hpp"

namespace drawbridge {

struct Gateway {
  SocketAddress address;        // IPv4, port 0
  SocketAddress local;          // the address of ours that faces it, port 0
  std::string description_url;  // of its UPnP device, for tests; empty: searched for, and only at `address`
  bool operator==(const Gateway&) const = default;
};

// Of the IPv4 default routes in the main table, best first, at most four; none of containers and VPNs.
std::vector<Gateway> default_gateways();

// Whether others on the internet can reach it: not private (RFC 1918), of a carrier's NAT (RFC 6598), local or reserved.
// Documentation ranges pass: they stand for public ones in tests.
bool is_public_address(const SocketAddress& address);

enum class MappingProtocol : uint8_t { none, pcp, nat_pmp, upnp };

struct MappedAddress {
  SocketAddress external;  // what arrives there arrives at our port
  MappingProtocol protocol = MappingProtocol::none;
  SocketAddress gateway;
  bool operator==(const MappedAddress&) const = default;
};

enum class GatewayState : uint8_t {
  asking,   // not known yet
  mapped,
  silent,   // it speaks none of the protocols, or did not answer
  refused,  // it answers, and says no
  useless,  // its own outside address is private: behind another router, or a carrier's NAT
  garbled,  // what it answers makes no sense
};

struct GatewayFinding {
  SocketAddress gateway;
  MappingProtocol protocol = MappingProtocol::none;  // the one that answered
  GatewayState state = GatewayState::asking;
  SocketAddress external;          // with the mapped port; port 0 if none is mapped
  std::chrono::seconds lifetime{};  // as granted; 0: permanent
  bool permanent_only = false;     // UPnP error 725: the mapping stays until it is withdrawn
  bool conflict = false;           // UPnP error 718: the port was somebody else's, another one was taken
  bool other_port = false;         // the outside port is not the one asked for
  bool lost_state = false;         // the gateway has forgotten the mapping since (it was restarted)
  std::string reason;              // why there is no mapping; one plain sentence
  bool operator==(const GatewayFinding&) const = default;
};

const char* code_name(MappingProtocol protocol);  // "nat_pmp"
const char* code_name(GatewayState state);        // "mapped"

}  // namespace drawbridge
