#include "keys/hash.hpp"

#include <catch2/catch.hpp>

using namespace drawbridge;

namespace {

Bytes counted(size_t n) {
  Bytes bytes(n);
  for (size_t i = 0; i < n; ++i) bytes[i] = static_cast<uint8_t>(i);
  return bytes;
}

}  // namespace

TEST_CASE("BLAKE2b-512 gives RFC 7693's example") {
  CHECK(to_hex(blake2b_512({as_bytes("abc")})) ==
        "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
        "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
}

TEST_CASE("BLAKE2b hashes parts as if they were one") {
  CHECK(blake2b_256({as_bytes("a"), {}, as_bytes("bc")}) == blake2b_256({as_bytes("abc")}));
  CHECK(blake2b_256({as_bytes("abc")}) != blake2b_256({as_bytes("abd")}));
}

TEST_CASE("keyed BLAKE2b-512 gives the reference's known answers") {
  Bytes key = counted(64);
  CHECK(to_hex(keyed_blake2b_512(key, {}).reveal()) ==
        "10ebb67700b1868efb4417987acf4690ae9d972fb7a590c2f02871799aaa4786"
        "b5e996e8f0f4eb981fc214b005f42d2ff4233499391653df7aefcbc13fc51568");
  Bytes one = counted(1);
  CHECK(to_hex(keyed_blake2b_512(key, {one}).reveal()) ==
        "961f6dd1e4dd30f63901690c512e78e4b45e4742ed197c3c5e45c549fd25f2e4"
        "187b0bc9fe30492b16b0d0bc4ef9b0f34c7003fac09a5ef1532e69430234cebd");
}

TEST_CASE("HMAC-BLAKE2b agrees with another implementation, short and long keys alike") {
  // Python 3: hmac.new(key, b"what do ya want for nothing?", hashlib.blake2b).hexdigest()
  Bytes message = to_bytes(as_bytes("what do ya want for nothing?"));
  CHECK(to_hex(hmac_blake2b(as_bytes("Jefe"), {message}).reveal()) ==
        "6ff884f8ddc2a6586b3c98a4cd6ebdf14ec10204b6710073eb5865ade37a2643"
        "b8807c1335d107ecdb9ffeaeb6828c4625ba172c66379efcd222c2de11727ab4");
  CHECK(to_hex(hmac_blake2b(counted(128), {message}).reveal()) ==
        "a23f247c5af57f819850774dc67d6b1690225e444f738035a8a9a1ac663f47de"
        "be4db2941371f6095c614338d316cc29773d41c7af9e714e7b052676358d590b");
  CHECK(to_hex(hmac_blake2b(counted(200), {message}).reveal()) ==
        "a40c306db2192b762947da7250adc891badc90355abe47a4d49f14d68dfae7b9"
        "230d489f31eaa48b22b14a3fb414e51ac19b53af1652d3956a459d722f11262e");
  CHECK(hmac_blake2b(counted(64), {as_bytes("what do ya "), as_bytes("want for nothing?")}) ==
        hmac_blake2b(counted(64), {message}));
}

TEST_CASE("Noise HKDF with three outputs begins with the two of the shorter form") {
  Bytes key = counted(64), input = counted(32);
  HkdfPair pair = noise_hkdf2(key, input);
  HkdfTriple triple = noise_hkdf3(key, input);
  CHECK(triple.first == pair.first);
  CHECK(triple.second == pair.second);
  CHECK_FALSE(triple.third == triple.second);
}

TEST_CASE("derived keys differ by label and by context, and labels do not run into contexts") {
  Secret32 key(std::span<const uint8_t, 32>(counted(32).data(), 32));
  CHECK(derive_key(key, "knock") == derive_key(key, "knock"));
  CHECK_FALSE(derive_key(key, "knock") == derive_key(key, "check"));
  CHECK_FALSE(derive_key(key, "knock") == derive_key(key, "knock", as_bytes("x")));
  CHECK_FALSE(derive_key(key, "knockx") == derive_key(key, "knock", as_bytes("x")));
}

TEST_CASE("SipHash-2-4 gives its authors' vectors") {
  Bytes key = counted(16);
  std::span<const uint8_t, 16> k(key.data(), 16);
  CHECK(siphash24(k, counted(15)) == 0xa129ca6149be45e5);
  CHECK(to_hex(siphash24_tag(k, {})) == "310e0edd47db6f72");
  CHECK(to_hex(siphash24_tag(k, counted(1))) == "fd67dc93c539f874");
}
