#include "keys/identity.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/hex_array.hpp"

using namespace drawbridge;

namespace {

Identity identity_of(std::string_view seed) {
  return identity_from_seed(Secret32(hex<32>(seed)));
}

struct Rfc8032 {
  std::string_view seed, public_key, message, signature;
};
// RFC 8032 section 7.1, tests 1 to 3 and SHA(abc).
const Rfc8032 rfc8032[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
     "d25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
     "387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
     "4a7c15e9716ed28dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
     "454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030"
     "3dca179c138ac17ad9bef1177331a704"},
};

}  // namespace

TEST_CASE("identities sign as RFC 8032 says") {
  for (const Rfc8032& vector : rfc8032) {
    Identity identity = identity_of(vector.seed);
    CHECK(to_hex(identity.id.bytes) == vector.public_key);
    Bytes message = from_hex(vector.message);
    Signature signature = sign(identity, message);
    CHECK(to_hex(signature) == vector.signature);
    CHECK(verify(identity.id, message, signature));
  }
}

TEST_CASE("a signature over other bytes, by another key or with a bit changed is refused") {
  Identity identity = identity_of(rfc8032[0].seed), other = identity_of(rfc8032[1].seed);
  Signature signature = sign(identity, as_bytes("hello"));
  CHECK(verify(identity.id, as_bytes("hello"), signature));
  CHECK_FALSE(verify(identity.id, as_bytes("hallo"), signature));
  CHECK_FALSE(verify(other.id, as_bytes("hello"), signature));
  for (size_t bit = 0; bit < 512; bit += 7) {
    Signature changed = signature;
    changed[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    CHECK_FALSE(verify(identity.id, as_bytes("hello"), changed));
  }
}

TEST_CASE("the sign bit of an id is part of what a signature proves") {
  Identity identity = identity_of(rfc8032[0].seed);
  Signature signature = sign(identity, as_bytes("hello"));
  DeviceId mirrored = identity.id;
  mirrored.bytes[31] ^= 0x80;
  CHECK(exchange_public_of(mirrored).value() == exchange_public_of(identity.id).value());
  CHECK_FALSE(verify(mirrored, as_bytes("hello"), signature));
}

TEST_CASE("the exchange key of an id is the public half of its owner's exchange key") {
  for (const Rfc8032& vector : rfc8032) {
    Identity identity = identity_of(vector.seed);
    CHECK(exchange_public_of(identity.id).value() == identity.exchange_public);
    CHECK(exchange_public_from(identity.exchange_key) == identity.exchange_public);
  }
}

TEST_CASE("ids that are no proper key are refused") {
  const std::string_view improper[] = {
      "0000000000000000000000000000000000000000000000000000000000000000",  // order 4
      "0100000000000000000000000000000000000000000000000000000000000000",  // the neutral element
      "0100000000000000000000000000000000000000000000000000000000000080",  // the same, non-canonical sign
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // order 2
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",  // order 8
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",  // order 8
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // p: 0, non-canonical
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // p + 1: 1, non-canonical
      "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // p + 3: non-canonical
      "0200000000000000000000000000000000000000000000000000000000000000",  // not on the curve
  };
  for (std::string_view text : improper) {
    INFO(text);
    auto exchange = exchange_public_of(DeviceId{hex<32>(text)});
    REQUIRE_FALSE(exchange.ok());
    CHECK(exchange.error().code == ErrorCode::authentication);
  }
}

TEST_CASE("X25519 gives RFC 7748's results") {
  // Section 5.2.
  Secret32 shared;
  REQUIRE(dh(Secret32(hex<32>("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4")),
             hex<32>("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"), shared));
  CHECK(to_hex(shared.reveal()) == "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
  REQUIRE(dh(Secret32(hex<32>("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d")),
             hex<32>("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493"), shared));
  CHECK(to_hex(shared.reveal()) == "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
}

TEST_CASE("X25519 agrees on one secret as in RFC 7748 section 6.1") {
  Secret32 bob(hex<32>("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
  CHECK(to_hex(exchange_public_from(bob)) == "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  Secret32 shared;
  REQUIRE(dh(bob, hex<32>("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"), shared));
  CHECK(to_hex(shared.reveal()) == "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
}

TEST_CASE("iterated X25519 gives RFC 7748's results after one and a thousand rounds") {
  ExchangePublic u = hex<32>("0900000000000000000000000000000000000000000000000000000000000000");
  Secret32 k(u);
  for (int round = 1; round <= 1000; ++round) {
    Secret32 result;
    REQUIRE(dh(k, u, result));
    std::copy(k.reveal().begin(), k.reveal().end(), u.begin());
    k = result;
    if (round == 1) CHECK(to_hex(k.reveal()) == "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
  }
  CHECK(to_hex(k.reveal()) == "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
}

TEST_CASE("an exchange with a key of small order is refused and leaves zeros") {
  Identity identity = identity_of(rfc8032[0].seed);
  const std::string_view small[] = {"0000000000000000000000000000000000000000000000000000000000000000",
                                    "0100000000000000000000000000000000000000000000000000000000000000",
                                    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"};
  for (std::string_view text : small) {
    Secret32 shared(hex<32>(rfc8032[0].seed));
    CHECK_FALSE(dh(identity.exchange_key, hex<32>(text), shared));
    CHECK(shared == Secret32());
  }
}
