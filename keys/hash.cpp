#include "keys/hash.hpp"

#include <sodium.h>

#include <cassert>

namespace drawbridge {

namespace {

constexpr size_t block_size = 128;  // of BLAKE2b

// The running state may have absorbed secrets.
class Blake2b {
 public:
  Blake2b(ByteView key, size_t length) : length_(length) {
    assert(key.size() <= crypto_generichash_KEYBYTES_MAX);
    crypto_generichash_init(&state_, key.data(), key.size(), length_);
  }
  ~Blake2b() { sodium_memzero(&state_, sizeof state_); }
  Blake2b(const Blake2b&) = delete;
  Blake2b& operator=(const Blake2b&) = delete;

  void absorb(ByteView part) { crypto_generichash_update(&state_, part.data(), part.size()); }
  void finish(uint8_t* output) { crypto_generichash_final(&state_, output, length_); }

 private:
  crypto_generichash_state state_;
  size_t length_;
};

void hash_parts(MutableBytes output, ByteView key, Parts parts) {
  Blake2b hash(key, output.size());
  for (ByteView part : parts) hash.absorb(part);
  hash.finish(output.data());
}

Secret<block_size> hmac_block(ByteView key) {
  Secret<block_size> block;
  if (key.size() > block_size) {
    hash_parts(block.reveal_mutable().first(64), {}, {key});
  } else if (!key.empty()) {
    std::memcpy(block.reveal_mutable().data(), key.data(), key.size());
  }
  return block;
}

void xor_each(MutableBytes bytes, uint8_t mask) {
  for (uint8_t& byte : bytes) byte ^= mask;
}

}  // namespace

Hash64 blake2b_512(Parts parts) {
  Hash64 output;
  hash_parts(output, {}, parts);
  return output;
}

Hash32 blake2b_256(Parts parts) {
  Hash32 output;
  hash_parts(output, {}, parts);
  return output;
}

Secret<64> keyed_blake2b_512(ByteView key, Parts parts) {
  assert(key.size() >= crypto_generichash_KEYBYTES_MIN);
  Secret<64> output;
  hash_parts(output.reveal_mutable(), key, parts);
  return output;
}

Secret<32> keyed_blake2b_256(ByteView key, Parts parts) {
  assert(key.size() >= crypto_generichash_KEYBYTES_MIN);
  Secret<32> output;
  hash_parts(output.reveal_mutable(), key, parts);
  return output;
}

Secret<64> hmac_blake2b(ByteView key, Parts parts) {
  constexpr uint8_t inner_pad = 0x36, outer_pad = 0x5c;
  Secret<block_size> block = hmac_block(key);
  Secret<64> digest;

  xor_each(block.reveal_mutable(), inner_pad);
  Blake2b inner({}, 64);
  inner.absorb(block.reveal());
  for (ByteView part : parts) inner.absorb(part);
  inner.finish(digest.reveal_mutable().data());

  xor_each(block.reveal_mutable(), inner_pad ^ outer_pad);
  Blake2b outer({}, 64);
  outer.absorb(block.reveal());
  outer.absorb(digest.reveal());
  outer.finish(digest.reveal_mutable().data());
  return digest;
}

HkdfPair noise_hkdf2(ByteView chaining_key, ByteView input) {
  constexpr uint8_t one[] = {1}, two[] = {2};
  Secret<64> temporary = hmac_blake2b(chaining_key, {input});
  HkdfPair keys;
  keys.first = hmac_blake2b(temporary.reveal(), {one});
  keys.second = hmac_blake2b(temporary.reveal(), {keys.first.reveal(), two});
  return keys;
}

HkdfTriple noise_hkdf3(ByteView chaining_key, ByteView input) {
  constexpr uint8_t one[] = {1}, two[] = {2}, three[] = {3};
  Secret<64> temporary = hmac_blake2b(chaining_key, {input});
  HkdfTriple keys;
  keys.first = hmac_blake2b(temporary.reveal(), {one});
  keys.second = hmac_blake2b(temporary.reveal(), {keys.first.reveal(), two});
  keys.third = hmac_blake2b(temporary.reveal(), {keys.second.reveal(), three});
  return keys;
}

Secret32 derive_key(const Secret32& key, std::string_view label, ByteView context) {
  assert(!label.empty() && label.size() <= 255);
  const uint8_t length[] = {static_cast<uint8_t>(label.size())};
  return keyed_blake2b_256(key.reveal(), {length, as_bytes(label), context});
}

std::array<uint8_t, 8> siphash24_tag(std::span<const uint8_t, 16> key, ByteView bytes) {
  std::array<uint8_t, 8> tag;
  static_assert(crypto_shorthash_siphash24_BYTES == 8 && crypto_shorthash_siphash24_KEYBYTES == 16);
  crypto_shorthash_siphash24(tag.data(), bytes.data(), bytes.size(), key.data());
  return tag;
}

uint64_t siphash24(std::span<const uint8_t, 16> key, ByteView bytes) {
  std::array<uint8_t, 8> tag = siphash24_tag(key, bytes);
  uint64_t value = 0;
  for (size_t i = 0; i < 8; ++i) value |= uint64_t{tag[i]} << (8 * i);
  return value;
}

}  // namespace drawbridge
