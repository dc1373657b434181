// BLAKE2b (RFC 7693), HMAC over it (RFC 2104), the Noise document's HKDF (section 4.3), and SipHash-2-4.
//
// Inputs are lists of parts that are hashed as if they were concatenated: blake2b_512({a, b}) == blake2b_512({ab}).
// Whoever needs parts to stay apart puts their lengths in. None of these calls can fail.
#pragma once

#include <initializer_list>

#include "keys/bytes.hpp"
#include "keys/secret.hpp"

namespace drawbridge {

using Parts = std::initializer_list<ByteView>;
using Hash32 = std::array<uint8_t, 32>;
using Hash64 = std::array<uint8_t, 64>;

Hash64 blake2b_512(Parts parts);
Hash32 blake2b_256(Parts parts);

// Keyed BLAKE2b: a MAC in itself. `key` has 16 to 64 bytes (asserted).
Secret<64> keyed_blake2b_512(ByteView key, Parts parts);
Secret<32> keyed_blake2b_256(ByteView key, Parts parts);

// RFC 2104 with BLAKE2b-512: block 128 bytes, output 64. Keys over 128 bytes are hashed first, as the RFC says.
Secret<64> hmac_blake2b(ByteView key, Parts parts);

// Noise section 4.3, HASHLEN 64. `chaining_key` has 64 bytes, `input` 0, 32 or more.
struct HkdfPair {
  Secret<64> first, second;
};
struct HkdfTriple {
  Secret<64> first, second, third;
};
HkdfPair noise_hkdf2(ByteView chaining_key, ByteView input);
HkdfTriple noise_hkdf3(ByteView chaining_key, ByteView input);

// One key from another, for a purpose: keyed BLAKE2b-256 of (length of label, one byte || label || context).
// `label` is a constant of 1 to 255 bytes naming the purpose; different labels or contexts give unrelated keys.
Secret32 derive_key(const Secret32& key, std::string_view label, ByteView context = {});

// SipHash-2-4. The tag is the value as 8 bytes, little-endian, as the reference does it. Compare tags as uint64_t.
uint64_t siphash24(std::span<const uint8_t, 16> key, ByteView bytes);
std::array<uint8_t, 8> siphash24_tag(std::span<const uint8_t, 16> key, ByteView bytes);

// The first N bytes of a secret, for key sizes below 32.
template <size_t N, size_t M>
Secret<N> first_bytes(const Secret<M>& secret) {
  static_assert(N <= M);
  return Secret<N>(secret.reveal().template first<N>());
}

}  // namespace drawbridge
