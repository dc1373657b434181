#include "daemon/nat/gateway.hpp"

#include <algorithm>
#include <cstring>

#include "daemon/io/interface_addresses.hpp"
#include "daemon/io/netlink.hpp"
#include "daemon/io/socket_address.hpp"

namespace drawbridge {
namespace {

constexpr size_t most_gateways = 4;

struct Route {
  SocketAddress gateway;
  uint32_t interface = 0, metric = 0;
};

Route read_route(const nlmsghdr& header) {
  Route route;
  for_each_attribute<rtmsg>(header, [&](const rtattr& attribute) {
    const void* value = RTA_DATA(&attribute);
    if (attribute.rta_type == RTA_OIF) std::memcpy(&route.interface, value, sizeof route.interface);
    if (attribute.rta_type == RTA_PRIORITY) std::memcpy(&route.metric, value, sizeof route.metric);
    if (attribute.rta_type != RTA_GATEWAY || RTA_PAYLOAD(&attribute) != 4) return;
    const auto* ip = static_cast<const uint8_t*>(value);
    route.gateway = SocketAddress::v4(ip[0], ip[1], ip[2], ip[3], 0);
  });
  return route;
}

bool is_default(const rtmsg& route) {
  return route.rtm_family == AF_INET && route.rtm_dst_len == 0 && route.rtm_table == RT_TABLE_MAIN && route.rtm_type == RTN_UNICAST;
}

bool leads_outside(const Route& route, const std::map<uint32_t, InterfaceFacts>& interfaces) {
  auto interface = interfaces.find(route.interface);
  return !route.gateway.is_unspecified() && interface != interfaces.end() && !is_virtual_interface(interface->second);
}

// The kernel's choice of our address towards `remote`; nothing is sent.
SocketAddress local_address(SocketAddress remote) {
  remote.port = 9;
  FileDescriptor fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  SystemAddress address = to_system(remote);
  if (!fd || connect(fd.get(), address.get(), address.length) != 0) return {};
  SocketAddress local = own_address(fd.get());
  local.port = 0;
  return local;
}

struct Range {
  uint32_t network;
  int bits;
};
// RFC 6890, without the documentation ranges.
constexpr Range not_public[] = {{0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0x7f000000, 8}, {0xa9fe0000, 16},
                                {0xac100000, 12}, {0xc0000000, 24}, {0xc0a80000, 16}, {0xc6120000, 15}, {0xe0000000, 3}};

}  // namespace

std::vector<Gateway> default_gateways() {
  std::vector<Route> routes;
  const auto interfaces = interface_facts();
  dump_route(RTM_GETROUTE, [&](const nlmsghdr& header) {
    if (!is_default(*static_cast<const rtmsg*>(NLMSG_DATA(&header)))) return;
    Route route = read_route(header);
    if (leads_outside(route, interfaces)) routes.push_back(route);
  });
  std::ranges::stable_sort(routes, {}, &Route::metric);
  std::vector<Gateway> gateways;
  for (const Route& route : routes) {
    bool known = std::ranges::any_of(gateways, [&](const Gateway& other) { return other.address == route.gateway; });
    if (!known && gateways.size() < most_gateways) gateways.push_back({route.gateway, local_address(route.gateway), {}});
  }
  return gateways;
}

bool is_public_address(const SocketAddress& address) {
  if (!address.is_v4()) return (address.ip[0] & 0xe0) == 0x20;
  uint32_t ip = 0;
  for (size_t i = 12; i < 16; ++i) ip = ip << 8 | address.ip[i];
  return std::ranges::none_of(not_public, [&](const Range& range) { return (ip ^ range.network) >> (32 - range.bits) == 0; });
}

const char* code_name(MappingProtocol protocol) {
  constexpr const char* names[] = {"none", "pcp", "nat_pmp", "upnp"};
  return names[static_cast<size_t>(protocol)];
}

const char* code_name(GatewayState state) {
  constexpr const char* names[] = {"asking", "mapped", "silent", "refused", "useless", "garbled"};
  return names[static_cast<size_t>(state)];
}

}  // namespace drawbridge
