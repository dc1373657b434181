// The vectors of draft-irtf-cfrg-cpace, appendix B.3 (testvectors.md of github.com/cfrg/draft-irtf-cfrg-cpace at commit
// 41bd526a): CPace with ristretto255 and SHA-512, initiator and responder.
#include "protocol/pairing/cpace.hpp"

#include <catch2/catch.hpp>

#include "tests/sim/seeded_entropy.hpp"
#include "tests/unit/hex_array.hpp"

using namespace drawbridge;
using namespace drawbridge::pairing;

namespace {

const Bytes ci = from_hex("6f630b425f726573706f6e6465720b415f696e69746961746f72");
const auto sid = hex<16>("7e4b4791d6a8ef019b936c79fb7f2c57");
const Secret32 g(hex<32>("a6fc82c3b8968fbb2e06fee81ca858586dea50d248f0c7ca6a18b0902a30b36b"));
const Secret32 ya(hex<32>("da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08"));
const Secret32 yb(hex<32>("d2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d"));
const auto Ya = hex<32>("d40fb265a7abeaee7939d91a585fe59f7053f982c296ec413c624c669308f87a");
const auto Yb = hex<32>("08bcf6e9777a9c313a3db6daa510f2d398403319c2341bd506a92e672eb7e307");
const Secret32 K(hex<32>("e22b1ef7788f661478f3cddd4c600774fc0f41e6b711569190ff88fa0e607e09"));
const cpace::Side A{Ya, as_bytes("ADa")}, B{Yb, as_bytes("ADb")};

}  // namespace

TEST_CASE("CPace hashes the draft's password to the draft's generator") {
  CHECK(to_hex(cpace::generator_string(as_bytes("Password"), ci, sid)) ==
        "11435061636552697374726574746f3235350850617373776f726464" + std::string(200, '0') +
            "1a6f630b425f726573706f6e6465720b415f696e69746961746f72107e4b4791d6a8ef019b936c79fb7f2c57");
  CHECK(cpace::generator(as_bytes("Password"), ci, sid) == g);
}

TEST_CASE("CPace computes the draft's shares and their common point at both ends") {
  CHECK(cpace::share_of(ya, g) == Ya);
  CHECK(cpace::share_of(yb, g) == Yb);
  REQUIRE(cpace::common_point(ya, Yb));
  CHECK(*cpace::common_point(ya, Yb) == K);
  CHECK(*cpace::common_point(yb, Ya) == K);
}

TEST_CASE("CPace computes the draft's transcript and session key") {
  CHECK(to_hex(cpace::transcript(A, B)) ==
        "20d40fb265a7abeaee7939d91a585fe59f7053f982c296ec413c624c669308f87a034144612008bcf6e9777a9c313a3db6daa510f2d3984033"
        "19c2341bd506a92e672eb7e30703414462");
  CHECK(to_hex(cpace::session_key(sid, K, A, B).reveal()) ==
        "4c5469a16b2364c4b944ebc1a79e51d1674ad47db26e8718154f59faebfaa52d8346f30aa58377117eb20d527f2cbc5c76381f7fd372e89df8"
        "239f87f2e02ed1");
}

TEST_CASE("CPace takes the draft's valid element and gives up at its invalid ones") {
  const Secret32 s(hex<32>("7cd0e075fa7955ba52c02759a6c90dbbfc10e6d40aea8d283e407d88cf538a05"));
  auto valid = cpace::common_point(s, hex<32>("2c3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c"));
  REQUIRE(valid);
  CHECK(to_hex(valid->reveal()) == "7c13645fe790a468f62c39beb7388e541d8405d1ade69d1778c5fe3e7f6b600e");
  CHECK_FALSE(cpace::common_point(s, hex<32>("2b3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c")));
  CHECK_FALSE(cpace::common_point(s, Bytes(32)));
  CHECK_FALSE(cpace::common_point(s, Bytes(31)));
  CHECK_FALSE(cpace::common_point(s, {}));
}

TEST_CASE("CPace draws scalars below the group's order, and two ends of one password agree with them") {
  sim::SeededEntropy entropy(7);
  for (int i = 0; i < 20; ++i) {
    cpace::Ephemeral a = cpace::draw_ephemeral(g, entropy), b = cpace::draw_ephemeral(g, entropy);
    CHECK(a.scalar.reveal()[31] < 0x10);
    CHECK(*cpace::common_point(a.scalar, b.share) == *cpace::common_point(b.scalar, a.share));
  }
}
