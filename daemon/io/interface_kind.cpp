#include "daemon/io/interface_kind.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "daemon/nat/gateway.hpp"

namespace drawbridge {
namespace {

// Tunnels, and what ends in this machine. "tun" stands for tap, too: OpenVPN, Tailscale, ZeroTier, virtual machines.
constexpr std::array<std::string_view, 20> virtual_kinds = {
    "tun",  "wireguard", "dummy", "ipip",  "sit",    "gre",   "gretap",  "ip6gre", "ip6gretap", "ip6tnl",
    "vti",  "vti6",      "xfrm",  "vxlan", "geneve", "ovpn",  "bareudp", "ifb",    "vcan",      "vrf"};

// For ends of container links (the other end, inside, is called eth0) and for modules that tell no kind.
constexpr std::array<std::string_view, 22> virtual_names = {
    "docker", "veth", "br-", "virbr", "vmnet", "vboxnet",   "lxc", "lxdbr",  "cni", "flannel", "cali",
    "podman", "tun",  "tap", "vnet",  "wg",    "tailscale", "zt",  "nebula", "ipsec", "utun",  "incus"};

bool has_virtual_name(const std::string& name) {
  return std::any_of(virtual_names.begin(), virtual_names.end(), [&](auto prefix) { return name.starts_with(prefix); });
}

bool is_ppp(const InterfaceFacts& interface) {
  return interface.kind == "ppp" || (interface.kind.empty() && interface.name.starts_with("ppp"));
}

}  // namespace

bool is_virtual_interface(const InterfaceFacts& interface) {
  if (interface.hardware) return false;
  if (interface.kind == "bridge") {
    return std::all_of(interface.ports.begin(), interface.ports.end(), is_virtual_interface);
  }
  if (std::find(virtual_kinds.begin(), virtual_kinds.end(), interface.kind) != virtual_kinds.end()) return true;
  bool name_decides = interface.kind.empty() || interface.kind == "veth";
  return name_decides && has_virtual_name(interface.name);
}

bool is_virtual_address(const InterfaceFacts& interface, const SocketAddress& address) {
  return is_ppp(interface) ? !is_public_address(address) : is_virtual_interface(interface);
}

}  // namespace drawbridge
