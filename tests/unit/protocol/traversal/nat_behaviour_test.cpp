// What is concluded about a router from how far ends see one socket.
#include "protocol/traversal/nat_behaviour.hpp"

#include <catch2/catch.hpp>

using namespace drawbridge;
using namespace drawbridge::traversal;

namespace {

const SocketAddress inside = SocketAddress::v4(192, 168, 1, 10, 7470);

SocketAddress outside(uint16_t port) { return SocketAddress::v4(198, 51, 100, 2, port); }
SocketAddress relay(uint16_t port) { return SocketAddress::v4(203, 0, 113, 10, port); }

NatBehaviour behaviour(std::vector<Observation> seen) { return classify(seen, std::vector{inside}); }

}  // namespace

TEST_CASE("an address that far ends see and the machine has is not translated") {
  CHECK(behaviour({{relay(7471), inside}}).mapping == Mapping::none);
}

TEST_CASE("one far end behind a router tells nothing about others") {
  CHECK(behaviour({}).mapping == Mapping::unknown);
  CHECK(behaviour({{relay(7471), outside(4000)}}).mapping == Mapping::unknown);
  CHECK(behaviour({{relay(7471), outside(4000)}, {relay(7471), outside(5000)}}).mapping == Mapping::unknown);
}

TEST_CASE("one port for all far ends is endpoint-independent mapping") {
  CHECK(behaviour({{relay(7471), outside(4000)}, {relay(7472), outside(4000)}}).mapping == Mapping::endpoint_independent);
}

TEST_CASE("ports that count up or down are predictable by their smallest step") {
  NatBehaviour up = behaviour({{relay(7471), outside(4000)}, {relay(7472), outside(4007)}, {relay(7473), outside(4008)}});
  CHECK(up.mapping == Mapping::predictable);
  CHECK(up.port_delta == 1);
  NatBehaviour down = behaviour({{relay(7471), outside(4000)}, {relay(7472), outside(3998)}});
  CHECK(down.mapping == Mapping::predictable);
  CHECK(down.port_delta == -2);
}

TEST_CASE("a first port that the router preserved does not hide that it counts up") {
  NatBehaviour preserved = behaviour({{relay(7471), outside(7470)}, {relay(7472), outside(30001)}, {relay(7473), outside(30002)}});
  CHECK(preserved.mapping == Mapping::predictable);
  CHECK(preserved.port_delta == 1);
}

TEST_CASE("a relay inside the network says nothing about its router") {
  Observation near{*parse_socket_address("192.168.1.2:7471"), inside};
  CHECK(behaviour({near, {relay(7471), outside(4000)}, {relay(7472), outside(4000)}}).mapping == Mapping::endpoint_independent);
  CHECK(behaviour({near, {relay(7471), outside(4000)}}).mapping == Mapping::unknown);
}

TEST_CASE("ports far apart are random") {
  CHECK(behaviour({{relay(7471), outside(4000)}, {relay(7472), outside(51000)}, {relay(7473), outside(9000)}}).mapping == Mapping::random);
}

TEST_CASE("two ports that are close by chance do not make a router predictable") {
  CHECK(behaviour({{relay(7471), outside(4000)}, {relay(7472), outside(51000)}, {relay(7473), outside(51003)}, {relay(7474), outside(9000)}}).mapping ==
        Mapping::random);
}

TEST_CASE("views of another family are not compared with those of IPv4") {
  SocketAddress far = *parse_socket_address("[2001:db8:cafe::10]:7471");
  SocketAddress ours = *parse_socket_address("[2001:db8:a:1::10]:7470");
  CHECK(behaviour({{far, ours}, {relay(7471), outside(4000)}, {relay(7472), outside(4000)}}).mapping == Mapping::endpoint_independent);
  CHECK(classify(std::vector<Observation>{{far, ours}}, std::vector{ours}).mapping == Mapping::none);
}
