#include "keys/key_derivation.hpp"

#include <sodium.h>

#include <cassert>

namespace drawbridge {

namespace {

constexpr uint32_t hardened = 0x80000000, purpose = 7470;

DerivedKey split_hmac(ByteView key, Parts parts) {
  crypto_auth_hmacsha512_state state;
  crypto_auth_hmacsha512_init(&state, key.data(), key.size());
  for (ByteView part : parts) crypto_auth_hmacsha512_update(&state, part.data(), part.size());
  Secret<64> digest;
  crypto_auth_hmacsha512_final(&state, digest.reveal_mutable().data());
  sodium_memzero(&state, sizeof state);
  return {Secret32(digest.reveal().first<32>()), Secret32(digest.reveal().last<32>())};
}

}  // namespace

DerivedKey slip10_master(ByteView seed) {
  assert(seed.size() >= 16 && seed.size() <= 64);
  return split_hmac(as_bytes("ed25519 seed"), {seed});
}

DerivedKey slip10_child(const DerivedKey& parent, uint32_t index) {
  assert(index < hardened);
  constexpr uint8_t private_marker[] = {0};
  uint32_t i = index | hardened;
  const uint8_t number[] = {static_cast<uint8_t>(i >> 24), static_cast<uint8_t>(i >> 16), static_cast<uint8_t>(i >> 8),
                            static_cast<uint8_t>(i)};
  return split_hmac(parent.chain_code.reveal(), {private_marker, parent.key.reveal(), number});
}

DerivedKey slip10_path(ByteView seed, std::initializer_list<uint32_t> path) {
  DerivedKey key = slip10_master(seed);
  for (uint32_t index : path) key = slip10_child(key, index);
  return key;
}

Secret32 derive_role_key(const Seed& seed, KeyRole role, uint32_t index) {
  return slip10_path(seed.reveal(), {purpose, static_cast<uint32_t>(role), index}).key;
}

Identity derive_identity(const Seed& seed, KeyRole role, uint32_t index) {
  return identity_from_seed(derive_role_key(seed, role, index));
}

}  // namespace drawbridge
