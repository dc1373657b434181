// The kernel's own interfaces need a network namespace of the test's own, and root; elsewhere only the pure parts are
// proved.
#include "daemon/io/interface_kind.hpp"

#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>

#include <catch2/catch.hpp>
#include <cstring>

#include "daemon/io/interface_addresses.hpp"
#include "tests/unit/daemon/io/own_network.hpp"

using namespace drawbridge;

namespace {

InterfaceFacts interface(const char* name, const char* kind = "", bool hardware = false) {
  return {name, kind, hardware, {}};
}
InterfaceFacts bridge(const char* name, std::vector<InterfaceFacts> ports) {
  return {name, "bridge", false, std::move(ports)};
}
bool left_out(const InterfaceFacts& facts, const char* address) {
  return is_virtual_address(facts, parse_socket_address(address).take());
}

// Works as long as it is open; empty where the kernel has none.
FileDescriptor open_tunnel(const char* name) {
  FileDescriptor fd(open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  ifreq request{};
  request.ifr_flags = IFF_TUN;
  std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  return fd && ioctl(fd.get(), TUNSETIFF, &request) == 0 ? std::move(fd) : FileDescriptor();
}

}  // namespace

TEST_CASE("an interface is told apart by its kind, whatever its name") {
  for (const char* kind : {"tun", "wireguard", "vxlan", "dummy", "ip6tnl"})
    CHECK(is_virtual_interface(interface("office", kind)));
  for (const char* kind : {"bond", "vlan", "macvlan", "wwan"}) CHECK_FALSE(is_virtual_interface(interface("tun0", kind)));
  CHECK_FALSE(is_virtual_interface(interface("wg-card", "", true)));
}

TEST_CASE("an interface without a kind is told apart by its name") {
  for (const char* name : {"vboxnet0", "vmnet8", "utun3", "tailscale0", "zt5u4y6ej2"})
    CHECK(is_virtual_interface(interface(name)));
  for (const char* name : {"eth0", "enp3s0", "wlan0", "wlp2s0"}) CHECK_FALSE(is_virtual_interface(interface(name)));
}

TEST_CASE("a container's own end of its link counts, the end outside does not") {
  CHECK(is_virtual_interface(interface("veth1a2b", "veth")));
  CHECK_FALSE(is_virtual_interface(interface("eth0", "veth")));
}

TEST_CASE("a bridge counts if a network card is among its ports") {
  CHECK(is_virtual_interface(bridge("docker0", {})));
  CHECK(is_virtual_interface(bridge("br0", {interface("veth1", "veth"), interface("vnet0", "tun")})));
  CHECK_FALSE(is_virtual_interface(bridge("virbr0", {interface("vnet0", "tun"), interface("enp3s0", "", true)})));
}

TEST_CASE("a dialled line counts if its address is public") {
  InterfaceFacts line = interface("ppp0", "ppp");
  CHECK_FALSE(left_out(line, "203.0.113.7:0"));
  CHECK_FALSE(left_out(line, "[2001:db8::7]:0"));
  CHECK(left_out(line, "10.8.0.2:0"));
  CHECK(left_out(line, "100.64.3.2:0"));
  CHECK(left_out(line, "[fd00::2]:0"));
}

TEST_CASE("addresses of a tunnel of any name and of a bridge without a cable are left out") {
  OwnNetwork network;
  if (!network.entered || !add_link("eth0")) return;
  REQUIRE(ip("addr add 192.168.7.2/24 dev eth0"));
  FileDescriptor tunnel = open_tunnel("office");
  if (tunnel) REQUIRE((ip("link set office up") && ip("addr add 10.8.0.2/24 dev office")));
  REQUIRE((add_link("veth7") && ip("link add net0 type bridge") && ip("link set veth7 master net0") &&
           ip("link set net0 up") && ip("addr add 172.18.0.1/16 dev net0")));
  CHECK(interface_addresses() == std::vector<SocketAddress>{SocketAddress::v4(192, 168, 7, 2, 0)});

  REQUIRE((add_link("eth1") && ip("link set eth1 master net0")));
  CHECK(interface_addresses() ==
        std::vector<SocketAddress>{SocketAddress::v4(192, 168, 7, 2, 0), SocketAddress::v4(172, 18, 0, 1, 0)});
}
