// LAN discovery's sockets, in a network namespace of the test's own; where the test is not root, only what is pure.
#include "daemon/io/lan_groups.hpp"

#include <catch2/catch.hpp>

#include "daemon/io/udp_endpoints.hpp"
#include "protocol/traversal/lan_search.hpp"
#include "tests/unit/daemon/io/own_network.hpp"
#include "tests/unit/daemon/run_until.hpp"

using namespace drawbridge;

namespace {

SocketAddress address(const char* text) { return parse_socket_address(text).take(); }

const std::vector<InterfaceAddress> networks = {{2, SocketAddress::v4(192, 168, 7, 2, 0)}, {3, SocketAddress::v4(10, 0, 0, 5, 0)}};

// A node on this machine that listens to the groups.
struct Listening {
  explicit Listening(Loop& loop) : lan(loop, [this](const DatagramRun& run) { heard.push_back(run.path); }) {
    lan.use(lan_ways({address("0.0.0.0:7470"), address("[::]:7470")}, lan_addresses()));
    lan.listen(true);
  }
  size_t heard_v4() const {
    return static_cast<size_t>(std::count_if(heard.begin(), heard.end(), [](const Path& path) { return path.remote.is_v4(); }));
  }
  std::vector<Path> heard;
  LanGroups lan;
};

size_t ask(UdpEndpoints& sockets, const LanGroups& lan, const SocketAddress& group) {
  Bytes question(100, 7);
  auto paths = lan.paths(Path{{}, group});
  for (const Path& path : paths) sockets.send({path, 0, question.size(), question});
  return paths.size();
}

}  // namespace

TEST_CASE("a node that listens on loopback alone has no way to the groups") {
  CHECK(lan_ways({address("127.0.0.1:7470"), address("[::1]:7470")}, networks).empty());
  CHECK(lan_ways({}, networks).empty());
}

TEST_CASE("a socket on every address asks by each interface once, one on a single address by its own") {
  CHECK(lan_ways({address("0.0.0.0:7470")}, networks).size() == 2);
  CHECK(lan_ways({address("0.0.0.0:7470"), address("[::]:7470")}, networks).size() == 4);
  auto ways = lan_ways({address("127.0.0.1:7470"), address("10.0.0.5:7001")}, networks);
  REQUIRE(ways.size() == 1);
  CHECK(ways[0].interface == 3);
  CHECK(ways[0].local == address("10.0.0.5:7001"));
}

TEST_CASE("a question reaches every listening node of a network from the sender's ordinary socket, by both families") {
  OwnNetwork network;
  if (!network.entered || !add_link("eth0") || !add_link("eth1") || !ip("link set lo up")) return;
  REQUIRE(ip("addr add 192.168.7.2/24 dev eth0"));
  REQUIRE(ip("addr add 10.9.0.2/24 dev eth1"));
  Loop loop;
  Listening one(loop), other(loop);
  UdpEndpoints sockets(loop, {[](const ArrivedRun&) {}, [] {}});
  REQUIRE(sockets.open({address("0.0.0.0:7470"), address("[::]:7470")}));
  auto [v4, v6] = traversal::lan_groups();
  CHECK(ask(sockets, one.lan, v4) == 2);
  REQUIRE(run_until(loop, [&] { return one.heard_v4() == 2 && other.heard_v4() == 2; }));
  for (const Path& path : one.heard) {
    CHECK(path.remote.port == 7470);
    CHECK(path.local.is_unspecified());
  }
  // An interface's IPv6 address is ready a moment after the interface.
  CHECK(run_until(loop, [&] {
    ask(sockets, one.lan, v6);
    return std::any_of(one.heard.begin(), one.heard.end(), [](const Path& path) { return path.remote.is_link_local() && path.remote.scope_id != 0; });
  }));
}

TEST_CASE("neither a container's interface nor a VPN's is used for LAN discovery") {
  OwnNetwork network;
  if (!network.entered || !add_link("eth0") || !add_link("docker0") || !add_link("wg0")) return;
  REQUIRE(ip("addr add 192.168.7.2/24 dev eth0"));
  REQUIRE(ip("addr add 172.17.0.1/16 dev docker0"));
  REQUIRE(ip("addr add 10.8.0.1/24 dev wg0"));
  auto found = lan_addresses();
  REQUIRE(found.size() == 1);
  CHECK(found[0].address == SocketAddress::v4(192, 168, 7, 2, 0));
  REQUIRE(ip("link del eth0"));
  CHECK(lan_addresses().empty());
}

TEST_CASE("a node that no longer listens hears nothing, and takes a new interface into use") {
  OwnNetwork network;
  if (!network.entered || !add_link("eth0") || !ip("link set lo up") || !ip("addr add 192.168.7.2/24 dev eth0")) return;
  Loop loop;
  Listening one(loop), other(loop);
  UdpEndpoints sockets(loop, {[](const ArrivedRun&) {}, [] {}});
  REQUIRE(sockets.open({address("0.0.0.0:7470")}));
  SocketAddress group = traversal::lan_groups()[0];
  one.lan.listen(false);
  ask(sockets, other.lan, group);
  REQUIRE(run_until(loop, [&] { return other.heard_v4() == 1; }));
  CHECK(one.heard.empty());
  one.lan.listen(true);
  REQUIRE((ip("link del eth0") && add_link("eth5") && ip("addr add 192.168.9.2/24 dev eth5")));
  for (Listening* node : {&one, &other}) node->lan.use(lan_ways({address("0.0.0.0:7470")}, lan_addresses()));
  ask(sockets, other.lan, group);
  CHECK(run_until(loop, [&] { return one.heard_v4() == 1; }));
}
