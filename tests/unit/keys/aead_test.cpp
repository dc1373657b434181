#include "keys/aead.hpp"

#include <catch2/catch.hpp>

using namespace drawbridge;

namespace {

Secret32 key_80_to_9f() {
  Secret32 key;
  for (size_t i = 0; i < 32; ++i) key.reveal_mutable()[i] = static_cast<uint8_t>(0x80 + i);
  return key;
}
const std::string_view sunscreen =
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be "
    "it.";

}  // namespace

TEST_CASE("ChaCha20-Poly1305 gives RFC 8439's example (2.8.2)") {
  Bytes nonce = from_hex("070000004041424344454647"), aad = from_hex("50515253c0c1c2c3c4c5c6c7");
  Bytes sealed(sunscreen.size() + aead_tag_size);
  chacha_seal(sealed, as_bytes(sunscreen), ChachaNonce(nonce.data(), 12), aad, key_80_to_9f());
  CHECK(to_hex(sealed) ==
        "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b"
        "1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
        "3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691");
  Bytes opened(sunscreen.size());
  REQUIRE(chacha_open(opened, sealed, ChachaNonce(nonce.data(), 12), aad, key_80_to_9f()));
  CHECK(as_text(opened) == sunscreen);
}

TEST_CASE("XChaCha20-Poly1305 gives the draft's example (draft-irtf-cfrg-xchacha-03, A.3.1)") {
  Bytes nonce = from_hex("404142434445464748494a4b4c4d4e4f5051525354555657"),
        aad = from_hex("50515253c0c1c2c3c4c5c6c7");
  Bytes sealed(sunscreen.size() + aead_tag_size);
  xchacha_seal(sealed, as_bytes(sunscreen), XchachaNonce(nonce.data(), 24), aad, key_80_to_9f());
  CHECK(to_hex(sealed) ==
        "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39"
        "ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
        "21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49");
  Bytes opened(sunscreen.size());
  REQUIRE(xchacha_open(opened, sealed, XchachaNonce(nonce.data(), 24), aad, key_80_to_9f()));
  CHECK(as_text(opened) == sunscreen);
}

TEST_CASE("sealing and opening work in place, and any changed bit is refused") {
  std::array<uint8_t, xchacha_nonce_size> nonce{7};
  Bytes message = to_bytes(as_bytes("keep this"));
  message.resize(message.size() + aead_tag_size);
  xchacha_seal(message, ByteView(message).first(9), nonce, as_bytes("about"), key_80_to_9f());
  for (size_t i = 0; i < message.size() * 8; ++i) {
    Bytes changed = message, out(9);
    changed[i / 8] ^= static_cast<uint8_t>(1 << i % 8);
    CHECK_FALSE(xchacha_open(out, changed, nonce, as_bytes("about"), key_80_to_9f()));
  }
  Bytes out(9);
  CHECK_FALSE(xchacha_open(out, message, nonce, as_bytes("abuot"), key_80_to_9f()));
  CHECK_FALSE(xchacha_open(out, message, nonce, as_bytes("about"), Secret32()));
  REQUIRE(xchacha_open(MutableBytes(message).first(9), message, nonce, as_bytes("about"), key_80_to_9f()));
  CHECK(as_text(ByteView(message).first(9)) == "keep this");
}

TEST_CASE("what is shorter than a tag does not open") {
  std::array<uint8_t, xchacha_nonce_size> nonce{};
  for (size_t size = 0; size < aead_tag_size; ++size) {
    Bytes stump(size);
    CHECK_FALSE(xchacha_open({}, stump, nonce, {}, Secret32()));
    CHECK_FALSE(chacha_open({}, stump, std::span(nonce).first<12>(), {}, Secret32()));
  }
}
