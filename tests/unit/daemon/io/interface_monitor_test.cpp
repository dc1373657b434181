// In a network namespace of the test's own, so that addresses can be added and taken away. Needs root; a machine
// where the test is not root proves only the pure parts.
#include "daemon/io/interface_monitor.hpp"

#include <catch2/catch.hpp>

#include "daemon/io/interface_addresses.hpp"
#include "daemon/io/local_endpoints.hpp"
#include "tests/unit/daemon/io/own_network.hpp"
#include "tests/unit/daemon/run_until.hpp"

using namespace drawbridge;

namespace {

SocketAddress address(const char* text) {
  return parse_socket_address(text).take();
}

}  // namespace

TEST_CASE("an address that comes or goes and a cable that is pulled are reported") {
  OwnNetwork network;
  if (!network.entered || !add_link("eth0")) return;
  Loop loop;
  int changes = 0;
  InterfaceMonitor monitor(loop, [&] { ++changes; });
  CHECK(monitor.addresses().empty());

  REQUIRE(ip("addr add 192.168.7.2/24 dev eth0"));
  REQUIRE(run_until(loop, [&] { return monitor.addresses().size() == 1; }));
  CHECK(monitor.addresses()[0] == SocketAddress::v4(192, 168, 7, 2, 0));

  int before = changes;
  REQUIRE(ip("route add default via 192.168.7.1"));
  REQUIRE(run_until(loop, [&] { return changes > before; }));

  REQUIRE(ip("link set far-eth0 down"));  // the cable
  REQUIRE(run_until(loop, [&] { return monitor.addresses().empty(); }));
  REQUIRE(ip("link set far-eth0 up"));
  REQUIRE(run_until(loop, [&] { return monitor.addresses().size() == 1; }));
}

TEST_CASE("addresses of containers and VPNs are left out while there is another") {
  OwnNetwork network;
  if (!network.entered || !add_link("docker0")) return;
  REQUIRE(ip("addr add 172.17.0.1/16 dev docker0"));
  CHECK(interface_addresses().size() == 1);
  REQUIRE(add_link("lan0"));
  REQUIRE(ip("addr add 10.1.2.3/8 dev lan0"));
  CHECK(interface_addresses() == std::vector<SocketAddress>{SocketAddress::v4(10, 1, 2, 3, 0)});
}

TEST_CASE("a socket on every address stands for each interface of its family, another for itself") {
  std::vector<SocketAddress> interfaces = {address("192.168.1.5:0"), address("[2001:db8::5]:0")};
  CHECK(local_endpoints({address("0.0.0.0:7470"), address("[::]:7471")}, interfaces) ==
        std::vector<SocketAddress>{address("192.168.1.5:7470"), address("[2001:db8::5]:7471")});
  CHECK(local_endpoints({address("127.0.0.1:9000")}, interfaces) ==
        std::vector<SocketAddress>{address("127.0.0.1:9000")});
  CHECK(local_endpoints({address("0.0.0.0:7470")}, {}) == std::vector<SocketAddress>{address("127.0.0.1:7470")});
}
