#include <catch2/catch.hpp>

#include "daemon/nat/pcp_message.hpp"
#include "tests/unit/daemon/nat/fake_pcp.hpp"
#include "tests/unit/daemon/nat/office_behind.hpp"

using namespace drawbridge;

namespace {

const SocketAddress outside = SocketAddress::v4(203, 0, 113, 7, own_port);

PcpMapRequest request() {
  return {.local = SocketAddress::v4(192, 168, 1, 20, 7470), .nonce = own_nonce, .external_port = 7470, .external = {}, .lifetime = std::chrono::seconds(3'600)};
}

// The answer of a router that grants it all, from the request's own bytes.
Bytes good_answer() {
  auto bytes = encode(request());
  bytes[1] |= 0x80;
  std::fill(bytes.begin() + 8, bytes.begin() + 24, uint8_t{0});
  bytes[11] = 9;  // epoch
  bytes[56] = 203, bytes[57] = 0, bytes[58] = 113, bytes[59] = 7;
  return {bytes.begin(), bytes.end()};
}

}  // namespace

TEST_CASE("a MAP request has the fields of RFC 6887 where it draws them") {
  auto bytes = encode(request());
  const Bytes expected{2, 1, 0, 0, 0, 0, 0x0e, 0x10,                                            // version, MAP, lifetime
                       0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 168, 1, 20,                // client's address
                       1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,                                    // nonce
                       17, 0, 0, 0, 0x1d, 0x2e, 0x1d, 0x2e,                                      // UDP, both ports
                       0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};                    // any IPv4 address
  CHECK(Bytes(bytes.begin(), bytes.end()) == expected);
}

TEST_CASE("a PCP answer is read, and one to another question or of another form is no answer") {
  Bytes good = good_answer();
  auto answer = parse_pcp_answer(good, request());
  REQUIRE(answer);
  CHECK(answer->result == 0);
  CHECK(answer->lifetime.count() == 3'600);
  CHECK(answer->epoch == 9);
  CHECK(answer->external == SocketAddress::v4(203, 0, 113, 7, 7470));

  for (size_t size = 0; size < good.size(); ++size) CHECK_FALSE(parse_pcp_answer(ByteView(good).first(size), request()));
  for (size_t at : {size_t{1}, size_t{24}, size_t{35}, size_t{36}, size_t{40}, size_t{41}}) {  // direction, nonce, protocol, port
    Bytes other = good;
    other[at] ^= 0x81;
    CHECK_FALSE(parse_pcp_answer(other, request()));
  }
  Bytes uneven = good, large = good;
  uneven.push_back(0);
  large.resize(1'104);
  CHECK_FALSE(parse_pcp_answer(uneven, request()));
  CHECK_FALSE(parse_pcp_answer(large, request()));
}

TEST_CASE("a gateway of another version is known by what its answer says in every version") {
  auto answer = parse_pcp_answer(Bytes{0, 0x81, 0, 1, 0, 0, 0, 9}, request());
  REQUIRE(answer);
  CHECK(PcpResult{answer->result} == PcpResult::unsupported_version);
  CHECK_FALSE(parse_pcp_answer(Bytes{0, 0x81, 0, 0, 0, 0, 0, 9}, request()));
}

TEST_CASE("a PCP gateway maps our port in one question, and loses the mapping when we leave") {
  FakePcp router(61);
  OfficeBehind office({router.gateway()}, patient());
  REQUIRE(office.reaches(GatewayState::mapped));
  CHECK(office.mapped[0] == MappedAddress{outside, MappingProtocol::pcp, router.gateway().address});
  CHECK(office.finding().lifetime.count() == 3'600);
  CHECK(router.maps == 1);
  office.mapping.stop();
  CHECK(router.withdrawals == 1);
  Bytes last = router.question();
  CHECK(std::equal(own_nonce.begin(), own_nonce.end(), last.begin() + 24));
  CHECK(router.strange == 0);
}

TEST_CASE("a PCP request that is lost on its way is repeated") {
  FakePcp router(62);
  router.lost = 1;
  MappingTimes times = patient();
  times.pcp_patience = 10s;
  OfficeBehind office({router.gateway()}, times);
  REQUIRE(office.reaches(GatewayState::mapped));
  CHECK(office.finding().protocol == MappingProtocol::pcp);
  CHECK(router.maps == 2);
}

TEST_CASE("a PCP gateway's refusals are named, and it is asked again later") {
  FakePcp router(63);
  for (auto [result, words] : {std::pair{PcpResult::not_authorized, "switched off"}, {PcpResult::network_failure, "no public address"},
                               {PcpResult::quota_exceeded, "no mapping left"}, {PcpResult::address_mismatch, "Another router stands between"}}) {
    router.result = static_cast<uint8_t>(result);
    OfficeBehind office({router.gateway()}, patient());
    REQUIRE(office.reaches(GatewayState::refused));
    CHECK(office.finding().reason.find(words) != std::string::npos);
    CHECK(office.mapped.empty());
  }
  OfficeBehind office({router.gateway()});
  REQUIRE(office.reaches(GatewayState::refused));
  router.result = 0;
  REQUIRE(office.reaches(GatewayState::mapped));
}

TEST_CASE("a PCP gateway whose outside address is private is of no use, and keeps no mapping of ours") {
  FakePcp router(64);
  router.external = 0x64400102;
  OfficeBehind office({router.gateway()}, patient());
  REQUIRE(office.reaches(GatewayState::useless));
  CHECK(office.mapped.empty());
  CHECK(router.withdrawals == 1);
}

TEST_CASE("a PCP gateway that was restarted is seen by its epoch, and gets the mapping anew") {
  FakePcp router(65);
  OfficeBehind office({router.gateway()});
  REQUIRE(office.reaches(GatewayState::mapped));
  CHECK_FALSE(office.finding().lost_state);
  router.epoch = 3;
  REQUIRE(office.until([&] { return office.finding().lost_state; }));
  CHECK(office.finding().state == GatewayState::mapped);
}

TEST_CASE("a PCP gateway that gives another port or a new address is believed") {
  FakePcp router(66);
  router.granted_port = 50'505;
  OfficeBehind office({router.gateway()});
  REQUIRE(office.reaches(GatewayState::mapped));
  CHECK(office.mapped[0].external == SocketAddress::v4(203, 0, 113, 7, 50'505));
  CHECK(office.finding().other_port);
  router.external = 0xcb007163;
  REQUIRE(office.until([&] { return office.mapped[0].external == SocketAddress::v4(203, 0, 113, 99, 50'505); }));
}

TEST_CASE("PCP answers that are short, somebody else's or grant nothing map nothing") {
  FakePcp router(67);
  auto ends_as = [&](GatewayState state) {
    OfficeBehind office({router.gateway()}, patient());
    CHECK(office.reaches(state));
    CHECK(office.mapped.empty());
  };
  router.other_nonce = true;
  ends_as(GatewayState::silent);
  router.other_nonce = false, router.answer_bytes = 40;
  ends_as(GatewayState::silent);
  router.answer_bytes = 60, router.granted_lifetime = 0;
  ends_as(GatewayState::garbled);
}
