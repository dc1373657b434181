#include "protocol/aead/packet_protection.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/hex_array.hpp"

using namespace drawbridge;

namespace {

Bytes counted(size_t size, uint8_t first = 0) {
  Bytes bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(first + i * 7);
  return bytes;
}

Bytes seal(PacketKey& key, ByteView text, PacketNonce nonce, ByteView aad) {
  Bytes sealed(text.size() + packet_tag_size);
  key.seal(sealed, text, nonce, aad);
  return sealed;
}

bool opens(PacketKey& key, ByteView sealed, PacketNonce nonce, ByteView aad, ByteView expected) {
  Bytes text(expected.size());
  return key.open(text, sealed, nonce, aad) && equal(text, expected);
}

const Secret32 a_key(hex<32>("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"));
const std::array<uint8_t, 12> a_nonce{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

std::vector<AeadId> algorithms() {
  std::vector<AeadId> ids{AeadId::chacha20_poly1305};
  if (make_packet_key(AeadId::aes_256_gcm, a_key)) ids.push_back(AeadId::aes_256_gcm);
  return ids;
}

}  // namespace

TEST_CASE("ChaCha20-Poly1305 protects the packet of RFC 9001 A.5") {
  auto key = make_packet_key(AeadId::chacha20_poly1305,
                             Secret32(hex<32>("c6d98ff3441c3fe1b2182094f69caa2ed4b716b65488960a7a984979fb23e1c8")));
  Bytes header = from_hex("4200bff4"), text{1};
  Bytes sealed = seal(*key, text, hex<12>("e0459b3474bdd0e46d417eb0"), header);
  CHECK(to_hex(sealed) == "655e5cd55c41f69080575d7999c25a5bfb");
  CHECK(opens(*key, sealed, hex<12>("e0459b3474bdd0e46d417eb0"), header, text));
}

TEST_CASE("the ChaCha20 header mask is that of RFC 9001 A.5") {
  auto header = make_header_mask(AeadId::chacha20_poly1305,
                                 Secret32(hex<32>("25a282b9e82f06f21f488917a4fc8f1b73573685608597d0efcb076b0ab7a7a4")));
  uint8_t mask[5];
  header->mask(mask, hex<16>("5e5cd55c41f69080575d7999c25a5bfb"));
  CHECK(to_hex(mask) == "aefefe7d03");
}

#ifndef DRAWBRIDGE_NO_LIBCRYPTO

TEST_CASE("AES-256-GCM gives test case 16 of its specification") {
  auto key = make_packet_key(AeadId::aes_256_gcm,
                             Secret32(hex<32>("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")));
  Bytes text = from_hex(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
      "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
  Bytes aad = from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  Bytes sealed = seal(*key, text, hex<12>("cafebabefacedbaddecaf888"), aad);
  CHECK(to_hex(sealed) ==
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b");
}

TEST_CASE("the AES header mask is the block of FIPS 197 C.3") {
  auto header = make_header_mask(AeadId::aes_256_gcm,
                                 Secret32(hex<32>("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")));
  uint8_t mask[5];
  header->mask(mask, hex<16>("00112233445566778899aabbccddeeff"));
  CHECK(to_hex(mask) == "8ea2b7ca51");
}

TEST_CASE("where AES is in hardware, both algorithms can be made") {
  if (hardware_aes_available()) CHECK(algorithms().size() == 2);
}

#endif

TEST_CASE("one-pass ChaCha20-Poly1305 equals libsodium's own for every size up to 2304 bytes") {
  auto key = make_packet_key(AeadId::chacha20_poly1305, a_key);
  for (size_t size = 0; size <= 2304; ++size) {
    Bytes text = counted(size), aad = counted(size % 48, 9), expected(size + aead_tag_size);
    chacha_seal(expected, text, a_nonce, aad, a_key);
    Bytes sealed = seal(*key, text, a_nonce, aad);
    REQUIRE(sealed == expected);
    REQUIRE(opens(*key, sealed, a_nonce, aad, text));
  }
}

TEST_CASE("one-pass ChaCha20-Poly1305 equals libsodium's own for every header size") {
  auto key = make_packet_key(AeadId::chacha20_poly1305, a_key);
  Bytes text = counted(1200), expected(1200 + aead_tag_size);
  for (size_t size = 0; size <= 80; ++size) {
    Bytes aad = counted(size, 5);
    chacha_seal(expected, text, a_nonce, aad, a_key);
    REQUIRE(seal(*key, text, a_nonce, aad) == expected);
    REQUIRE(opens(*key, expected, a_nonce, aad, text));
  }
}

TEST_CASE("packets are sealed and opened in place") {
  for (AeadId id : algorithms()) {
    auto key = make_packet_key(id, a_key);
    for (size_t size : {0u, 1u, 63u, 64u, 1200u, 1452u, 3000u}) {
      Bytes text = counted(size), aad = counted(21), buffer = text;
      buffer.resize(size + packet_tag_size);
      key->seal(buffer, ByteView(buffer).first(size), a_nonce, aad);
      CHECK(buffer == seal(*key, text, a_nonce, aad));
      REQUIRE(key->open(buffer, buffer, a_nonce, aad));
      CHECK(equal(ByteView(buffer).first(size), text));
    }
  }
}

TEST_CASE("a changed bit in text, tag, header or nonce is refused, and the key goes on working") {
  for (AeadId id : algorithms()) {
    auto key = make_packet_key(id, a_key);
    const Bytes text = counted(300), aad = counted(21), sealed = seal(*key, text, a_nonce, aad);
    for (size_t bit = 0; bit < sealed.size() * 8; bit += 5) {
      Bytes changed = sealed;
      changed[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
      REQUIRE_FALSE(opens(*key, changed, a_nonce, aad, text));
    }
    for (size_t bit = 0; bit < aad.size() * 8; ++bit) {
      Bytes changed = aad;
      changed[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
      REQUIRE_FALSE(opens(*key, sealed, a_nonce, changed, text));
    }
    for (size_t bit = 0; bit < a_nonce.size() * 8; ++bit) {
      auto changed = a_nonce;
      changed[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
      REQUIRE_FALSE(opens(*key, sealed, changed, aad, text));
    }
    CHECK(opens(*key, sealed, a_nonce, aad, text));
  }
}

TEST_CASE("a refused packet leaves none of its text where the caller could read it") {
  auto key = make_packet_key(AeadId::chacha20_poly1305, a_key);
  Bytes text = counted(1200), sealed = seal(*key, text, a_nonce, {}), out(1200, 0xee);
  sealed.back() ^= 1;
  REQUIRE_FALSE(key->open(out, sealed, a_nonce, {}));
  CHECK(out == Bytes(1200, 0xee));
}

TEST_CASE("what is shorter than a tag, or cut short, does not open") {
  for (AeadId id : algorithms()) {
    auto key = make_packet_key(id, a_key);
    Bytes sealed = seal(*key, counted(100), a_nonce, {}), out(100);
    for (size_t size = 0; size < sealed.size(); ++size) {
      REQUIRE_FALSE(key->open(out, ByteView(sealed).first(size), a_nonce, {}));
    }
  }
}

TEST_CASE("keys of one algorithm do not open packets of another key or of the other algorithm") {
  std::vector<Bytes> sealed;
  for (AeadId id : algorithms()) sealed.push_back(seal(*make_packet_key(id, a_key), counted(50), a_nonce, {}));
  for (AeadId id : algorithms()) {
    size_t opened = 0;
    for (const Bytes& packet : sealed) opened += opens(*make_packet_key(id, a_key), packet, a_nonce, {}, counted(50));
    CHECK(opened == 1);
    for (const Bytes& packet : sealed)
      CHECK_FALSE(opens(*make_packet_key(id, Secret32()), packet, a_nonce, {}, counted(50)));
  }
}
