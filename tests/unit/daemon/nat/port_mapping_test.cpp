#include "daemon/nat/port_mapping.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/daemon/nat/fake_gateways.hpp"
#include "tests/unit/daemon/nat/office_behind.hpp"

using namespace drawbridge;

namespace {

const SocketAddress outside_nat_pmp = SocketAddress::v4(203, 0, 113, 7, own_port);
const SocketAddress outside_upnp = SocketAddress::v4(203, 0, 113, 9, own_port);

}  // namespace

TEST_CASE("a NAT-PMP gateway maps our port, and loses the mapping when we leave") {
  FakeNatPmp router(21);
  OfficeBehind office({router.gateway()}, patient());
  REQUIRE(office.until([&] { return !office.mapped.empty(); }));
  CHECK(office.mapped[0] == MappedAddress{outside_nat_pmp, MappingProtocol::nat_pmp, router.gateway().address});
  CHECK(office.finding().lifetime.count() == 3'600);
  CHECK_FALSE(office.finding().other_port);
  CHECK(router.map_questions == 1);
  CHECK(router.withdrawals == 0);
  office.mapping.stop();
  CHECK(router.withdrawals == 1);
  CHECK(router.strange == 0);
}

TEST_CASE("a mapping is renewed at half its lifetime, and asked for again only then") {
  FakeNatPmp router(22);
  router.granted_lifetime = 1;
  MappingTimes times = patient();
  OfficeBehind office({router.gateway()}, times);
  Instant began = read_clocks().boot;
  REQUIRE(office.until([&] { return router.map_questions >= 3; }));
  CHECK(read_clocks().boot - began >= 950ms);
  CHECK(office.changes == 1);
}

TEST_CASE("a gateway that gives another port is believed") {
  FakeNatPmp router(23);
  router.granted_port = 50'505;
  OfficeBehind office({router.gateway()}, patient());
  REQUIRE(office.reaches(GatewayState::mapped));
  CHECK(office.mapped[0].external == SocketAddress::v4(203, 0, 113, 7, 50'505));
  CHECK(office.finding().other_port);
}

TEST_CASE("a gateway that refuses is named with its reason, and asked again later") {
  FakeNatPmp router(24);
  router.result = 2;
  OfficeBehind office({router.gateway()});
  REQUIRE(office.reaches(GatewayState::refused));
  CHECK(office.finding().reason.find("switched off") != std::string::npos);
  CHECK(office.changes == 0);
  router.result = 0;
  REQUIRE(office.reaches(GatewayState::mapped));
  CHECK(office.finding().reason.empty());
}

TEST_CASE("a gateway whose outside address is private or a carrier's is of no use, and is asked for no port") {
  FakeNatPmp router(25);
  for (uint32_t outside : {0x64400102u, 0x0a000001u, 0xc0a80101u}) {
    router.external = outside;
    OfficeBehind office({router.gateway()}, patient());
    REQUIRE(office.reaches(GatewayState::useless));
    CHECK(office.mapped.empty());
  }
  CHECK(router.map_questions == 0);
}

TEST_CASE("a gateway without an outside address is said to have none") {
  FakeNatPmp router(44);
  router.external = 0;
  OfficeBehind office({router.gateway()}, patient());
  REQUIRE(office.reaches(GatewayState::refused));
  CHECK(office.finding().reason.find("no internet address") != std::string::npos);
  CHECK(router.map_questions == 0);
}

TEST_CASE("a gateway that refuses in NAT-PMP and maps in UPnP is used by UPnP") {
  FakeNatPmp refusing(45);
  refusing.result = 3;
  FakeIgd mapping(45);
  OfficeBehind office({mapping.gateway()}, patient());
  REQUIRE(office.reaches(GatewayState::mapped));
  CHECK(office.finding().protocol == MappingProtocol::upnp);
}

TEST_CASE("a gateway that was silent for a while gets the mapping anew, and keeps it meanwhile") {
  FakeNatPmp router(46);
  OfficeBehind office({router.gateway()});
  REQUIRE(office.reaches(GatewayState::mapped));
  router.silent = true;
  int asked = router.address_questions;
  REQUIRE(office.until([&] { return router.address_questions >= asked + 2; }));
  CHECK(office.mapped.size() == 1);
  int before = router.map_questions;
  router.silent = false;
  REQUIRE(office.until([&] { return router.map_questions > before; }));
  CHECK(office.changes == 1);
}

TEST_CASE("a gateway that has forgotten the mapping and does not show it gets it anew with the next check") {
  FakeNatPmp router(47);
  OfficeBehind office({router.gateway()});
  REQUIRE(office.reaches(GatewayState::mapped));
  int before = router.map_questions;
  REQUIRE(office.until([&] { return router.map_questions >= before + 2; }));
  CHECK(office.changes == 1);
  CHECK_FALSE(office.finding().lost_state);
}

TEST_CASE("a gateway without an address yet, as after its start, is asked again within seconds") {
  FakeNatPmp router(48);
  router.result = 3;
  MappingTimes times = patient();
  times.first_retry = 20ms;
  OfficeBehind office({router.gateway()}, times);
  REQUIRE(office.reaches(GatewayState::refused));
  REQUIRE(office.until([&] { return router.address_questions >= 4; }));
  router.result = 0;
  REQUIRE(office.reaches(GatewayState::mapped));
}

TEST_CASE("a silent gateway is called silent, and one that begins to speak is used") {
  FakeNatPmp router(26);
  router.silent = true;
  OfficeBehind office({router.gateway()});
  REQUIRE(office.reaches(GatewayState::silent));
  router.silent = false;
  REQUIRE(office.reaches(GatewayState::mapped));
}

TEST_CASE("an answer that comes too late is not waited for") {
  FakeNatPmp router(27);
  router.late_ms = 450;
  OfficeBehind office({router.gateway()}, patient());
  REQUIRE(office.reaches(GatewayState::silent));
  CHECK(office.changes == 0);
}

TEST_CASE("garbage and answers to other questions map nothing") {
  FakeNatPmp router(28);
  auto fails = [&] {
    OfficeBehind office({router.gateway()}, patient());
    CHECK(office.reaches(GatewayState::garbled));
    CHECK(office.mapped.empty());
  };
  router.garbage = true;
  fails();
  router.garbage = false, router.said_private_port = 9;
  fails();
  router.said_private_port = 0, router.port_zero = true;
  fails();
  router.port_zero = false, router.granted_lifetime = 0;
  fails();
}

TEST_CASE("a gateway that was restarted is seen by its epoch, and gets the mapping anew") {
  FakeNatPmp router(29);
  OfficeBehind office({router.gateway()});
  REQUIRE(office.reaches(GatewayState::mapped));
  CHECK_FALSE(office.finding().lost_state);
  router.epoch = 3;
  REQUIRE(office.until([&] { return office.finding().lost_state; }));
  CHECK(office.finding().state == GatewayState::mapped);
}

TEST_CASE("a new outside address is told") {
  FakeNatPmp router(30);
  OfficeBehind office({router.gateway()});
  REQUIRE(office.reaches(GatewayState::mapped));
  router.external = 0xcb007163;
  REQUIRE(office.until([&] { return office.mapped[0].external == SocketAddress::v4(203, 0, 113, 99, own_port); }));
}

TEST_CASE("a network event asks at once, whatever the timers say") {
  FakeNatPmp router(31);
  router.silent = true;
  OfficeBehind office({router.gateway()}, patient());
  REQUIRE(office.reaches(GatewayState::silent));
  router.silent = false;
  office.mapping.handle_network_change({router.gateway()});
  REQUIRE(office.reaches(GatewayState::mapped));
}

TEST_CASE("several gateways are mapped side by side, and one that is gone is forgotten") {
  FakeNatPmp first(32);
  FakeIgd second(33);
  OfficeBehind office({first.gateway(), second.gateway()}, patient());
  REQUIRE(office.until([&] { return office.mapped.size() == 2; }));
  CHECK(office.mapped[0].external == outside_nat_pmp);
  CHECK(office.mapped[1].external == outside_upnp);
  office.mapping.handle_network_change({second.gateway()});
  REQUIRE(office.until([&] { return office.mapped.size() == 1; }));
  CHECK(office.mapped[0].protocol == MappingProtocol::upnp);
}

TEST_CASE("a UPnP gateway maps our port, and loses the mapping when we leave") {
  FakeIgd router(34);
  OfficeBehind office({router.gateway()}, patient());
  REQUIRE(office.reaches(GatewayState::mapped));
  CHECK(office.mapped[0] == MappedAddress{outside_upnp, MappingProtocol::upnp, router.gateway().address});
  CHECK(router.lease == 3'600);
  CHECK(router.adds == 1);
  office.mapping.stop();
  CHECK(router.deletes == 1);
  CHECK(router.mapped_port == 0);
}

TEST_CASE("a UPnP gateway with permanent leases only gets one, which is withdrawn at the end") {
  FakeIgd router(35);
  router.permanent_only = true;
  OfficeBehind office({router.gateway()}, patient());
  REQUIRE(office.reaches(GatewayState::mapped));
  CHECK(office.finding().permanent_only);
  CHECK(office.finding().lifetime.count() == 0);
  CHECK(router.lease == 0);
  office.mapping.stop();
  CHECK(router.deletes == 1);
}

TEST_CASE("a port that belongs to another computer is left to it, and another one is taken") {
  FakeIgd router(36);
  router.taken_port = own_port;
  OfficeBehind office({router.gateway()}, patient());
  REQUIRE(office.reaches(GatewayState::mapped));
  CHECK(office.finding().conflict);
  CHECK(office.finding().other_port);
  CHECK(office.mapped[0].external.port != own_port);
  CHECK(router.mapped_port == office.mapped[0].external.port);
}

TEST_CASE("a UPnP gateway that refuses is named with its reason") {
  FakeIgd router(37);
  router.add_error = 606;
  OfficeBehind office({router.gateway()}, patient());
  REQUIRE(office.reaches(GatewayState::refused));
  CHECK(office.finding().protocol == MappingProtocol::upnp);
  CHECK(office.finding().reason.find("does not let") != std::string::npos);
}

TEST_CASE("a UPnP gateway that says yes and does nothing is found out") {
  FakeIgd router(38);
  router.says_yes_only = true;
  OfficeBehind office({router.gateway()}, patient());
  REQUIRE(office.reaches(GatewayState::garbled));
  CHECK(office.changes == 0);
}

TEST_CASE("a UPnP gateway that has lost the mapping gets it again") {
  FakeIgd router(39);
  OfficeBehind office({router.gateway()});
  REQUIRE(office.reaches(GatewayState::mapped));
  router.mapped_port = 0;
  REQUIRE(office.until([&] { return router.mapped_port == own_port; }));
  CHECK(router.adds == 2);
}

TEST_CASE("a UPnP gateway behind a carrier's NAT is of no use") {
  FakeIgd router(40);
  router.external = 0x64400102;
  OfficeBehind office({router.gateway()}, patient());
  REQUIRE(office.reaches(GatewayState::useless));
  CHECK(router.adds == 0);
}

TEST_CASE("a description that is garbage, or stands on another computer, is no gateway") {
  FakeIgd router(41);
  Gateway elsewhere = router.gateway();
  elsewhere.address = SocketAddress::v4(127, 0, 0, 42, 0);
  OfficeBehind misled({elsewhere}, patient());
  CHECK(misled.reaches(GatewayState::silent));
  router.garbage = true;
  OfficeBehind office({router.gateway()}, patient());
  CHECK(office.reaches(GatewayState::silent));
  CHECK(router.adds == 0);
}

TEST_CASE("a gateway that hangs holds up neither the loop nor the end of the program") {
  FakeIgd router(43);
  router.hang_ms = 60'000;
  Instant began = read_clocks().boot;
  {
    OfficeBehind office({router.gateway()});
    REQUIRE(office.until([&] { return office.finding().gateway == router.gateway().address; }));
    CHECK(office.finding().state == GatewayState::asking);
    CHECK(read_clocks().boot - began < 1s);
  }
  CHECK(read_clocks().boot - began < 3s);
}

TEST_CASE("addresses that nobody outside can reach are told from public ones") {
  for (auto ip : {SocketAddress::v4(10, 1, 2, 3, 0), SocketAddress::v4(172, 31, 0, 1, 0), SocketAddress::v4(192, 168, 1, 1, 0),
                  SocketAddress::v4(100, 64, 0, 1, 0), SocketAddress::v4(100, 127, 255, 255, 0), SocketAddress::v4(127, 0, 0, 1, 0),
                  SocketAddress::v4(169, 254, 1, 1, 0), SocketAddress::v4(0, 0, 0, 0, 0), SocketAddress::v4(239, 1, 1, 1, 0)})
    CHECK_FALSE(is_public_address(ip));
  for (auto ip : {SocketAddress::v4(100, 63, 255, 255, 0), SocketAddress::v4(100, 128, 0, 1, 0), SocketAddress::v4(172, 32, 0, 1, 0),
                  SocketAddress::v4(192, 169, 0, 1, 0), SocketAddress::v4(1, 1, 1, 1, 0), SocketAddress::v4(203, 0, 113, 1, 0)})
    CHECK(is_public_address(ip));
}

TEST_CASE("default gateways are routers with an address, each with ours that faces it") {
  for (const Gateway& gateway : default_gateways()) {
    CHECK(gateway.address.is_v4());
    CHECK_FALSE(gateway.address.is_unspecified());
    CHECK_FALSE(gateway.local.is_unspecified());
  }
}
