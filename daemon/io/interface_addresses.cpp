#include "daemon/io/interface_addresses.hpp"

#include <linux/if_addr.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "daemon/io/netlink.hpp"

namespace drawbridge {
namespace {

struct Interface {
  InterfaceFacts facts;
  bool works = false;   // up, with a carrier, and no loopback
  bool lan = false;     // more than two ends, and multicast
  uint32_t bridge = 0;  // that it is a port of; 0: none
};
using Interfaces = std::map<uint32_t, Interface>;

struct Found {
  uint32_t interface = 0;
  bool lan = false;
  SocketAddress address;
  bool is_virtual = false;
};

std::string text_of(const rtattr& attribute) {
  const auto* text = static_cast<const char*>(RTA_DATA(&attribute));
  return std::string(text, strnlen(text, RTA_PAYLOAD(&attribute)));
}

// IFLA_LINKINFO holds attributes of its own.
std::string kind_of(const rtattr& link_info) {
  auto left = static_cast<int>(RTA_PAYLOAD(&link_info));
  const auto* inner = static_cast<const rtattr*>(RTA_DATA(&link_info));
  for (; RTA_OK(inner, left); inner = RTA_NEXT(inner, left)) {
    if (inner->rta_type == IFLA_INFO_KIND) return text_of(*inner);
  }
  return {};
}

Interface read_interface(const nlmsghdr& header) {
  const auto* link = static_cast<const ifinfomsg*>(NLMSG_DATA(&header));
  Interface entry;
  entry.works = (link->ifi_flags & IFF_UP) && (link->ifi_flags & IFF_RUNNING) && !(link->ifi_flags & IFF_LOOPBACK);
  entry.lan = (link->ifi_flags & IFF_MULTICAST) && !(link->ifi_flags & IFF_POINTOPOINT);
  for_each_attribute<ifinfomsg>(header, [&](const rtattr& attribute) {
    switch (attribute.rta_type & NLA_TYPE_MASK) {
      case IFLA_IFNAME: entry.facts.name = text_of(attribute); break;
      case IFLA_LINKINFO: entry.facts.kind = kind_of(attribute); break;
      case IFLA_PARENT_DEV_NAME: entry.facts.hardware = true; break;
      case IFLA_MASTER: std::memcpy(&entry.bridge, RTA_DATA(&attribute), sizeof entry.bridge); break;
      default: break;
    }
  });
  return entry;
}

Interfaces list_interfaces() {
  Interfaces all;
  dump_route(RTM_GETLINK, [&](const nlmsghdr& header) {
    all[static_cast<uint32_t>(static_cast<const ifinfomsg*>(NLMSG_DATA(&header))->ifi_index)] = read_interface(header);
  });
  for (const auto& [index, port] : all) {
    auto bridge = all.find(port.bridge);
    if (bridge != all.end()) bridge->second.facts.ports.push_back(port.facts);
  }
  return all;
}

SocketAddress read_address(uint8_t family, const rtattr& attribute) {
  const auto* ip = static_cast<const uint8_t*>(RTA_DATA(&attribute));
  if (family == AF_INET && RTA_PAYLOAD(&attribute) == 4) return SocketAddress::v4(ip[0], ip[1], ip[2], ip[3], 0);
  SocketAddress address;
  if (family == AF_INET6 && RTA_PAYLOAD(&attribute) == 16) std::memcpy(address.ip.data(), ip, 16);
  return address;
}

// IPv4 has IFA_LOCAL for its own end of a point-to-point link; IPv6 has IFA_ADDRESS only.
SocketAddress address_of(const nlmsghdr& header, uint32_t& flags) {
  const auto* entry = static_cast<const ifaddrmsg*>(NLMSG_DATA(&header));
  flags = entry->ifa_flags;
  SocketAddress address, local;
  for_each_attribute<ifaddrmsg>(header, [&](const rtattr& attribute) {
    if (attribute.rta_type == IFA_ADDRESS) address = read_address(entry->ifa_family, attribute);
    if (attribute.rta_type == IFA_LOCAL) local = read_address(entry->ifa_family, attribute);
    if (attribute.rta_type == IFA_FLAGS) std::memcpy(&flags, RTA_DATA(&attribute), sizeof flags);
  });
  return local.is_unspecified() ? address : local;
}

bool usable(const SocketAddress& address, uint32_t flags) {
  bool ready = !(flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED));
  return ready && !address.is_unspecified() && !address.is_loopback() && !address.is_link_local();
}

// Lower is better.
int rank(const SocketAddress& address) {
  if (!address.is_v4()) return (address.ip[0] & 0xfe) == 0xfc ? 3 : 2;
  uint8_t a = address.ip[12], b = address.ip[13];
  bool local_network = a == 10 || (a == 172 && (b & 0xf0) == 16) || (a == 192 && b == 168);
  return local_network ? 0 : 1;
}

std::vector<Found> list_addresses(const Interfaces& interfaces) {
  std::vector<Found> all;
  dump_route(RTM_GETADDR, [&](const nlmsghdr& header) {
    auto link = interfaces.find(static_cast<const ifaddrmsg*>(NLMSG_DATA(&header))->ifa_index);
    if (link == interfaces.end() || !link->second.works) return;
    uint32_t flags = 0;
    SocketAddress address = address_of(header, flags);
    if (usable(address, flags)) all.push_back({link->first, link->second.lan, address, is_virtual_address(link->second.facts, address)});
  });
  return all;
}

}  // namespace

std::map<uint32_t, InterfaceFacts> interface_facts() {
  std::map<uint32_t, InterfaceFacts> out;
  for (auto& [number, interface] : list_interfaces()) out.emplace(number, std::move(interface.facts));
  return out;
}

std::vector<InterfaceAddress> lan_addresses() {
  std::vector<InterfaceAddress> out;
  for (const Found& entry : list_addresses(list_interfaces())) {
    if (entry.lan && !entry.is_virtual) out.push_back({entry.interface, entry.address});
  }
  return out;
}

std::vector<SocketAddress> interface_addresses() {
  std::vector<Found> found = list_addresses(list_interfaces());
  bool any_real = std::any_of(found.begin(), found.end(), [](const Found& entry) { return !entry.is_virtual; });
  std::vector<SocketAddress> out;
  for (const Found& entry : found) {
    if (!entry.is_virtual || !any_real) out.push_back(entry.address);
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return rank(a) < rank(b); });
  return out;
}

}  // namespace drawbridge
