// A node's keys: one Ed25519 key that names and signs, and its X25519 image that agrees on secrets in the handshake.
#pragma once

#include "keys/bytes.hpp"
#include "keys/device_id.hpp"
#include "keys/result.hpp"
#include "keys/secret.hpp"

namespace drawbridge {

using ExchangePublic = std::array<uint8_t, 32>;  // X25519 public key (RFC 7748)
using Signature = std::array<uint8_t, 64>;       // Ed25519 (RFC 8032)

struct Identity {
  DeviceId id;
  Secret<64> signing_key;  // RFC 8032 seed, then public key
  Secret32 exchange_key;   // X25519 scalar
  ExchangePublic exchange_public{};
};

// `seed` is the RFC 8032 private key; the same seed always gives the same identity.
Identity identity_from_seed(const Secret32& seed);

// The X25519 public key that belongs to an id (birational map). `authentication` for what is no key: a non-canonical
// encoding, a point of small order or off the main subgroup. The map forgets the sign bit: only a signature proves an
// id whole.
Result<ExchangePublic> exchange_public_of(const DeviceId& id);

Signature sign(const Identity& identity, ByteView message);
// Strict: non-canonical and small-order keys, and malleable signatures, are refused.
bool verify(const DeviceId& id, ByteView message, const Signature& signature);

// X25519. False if the result is all zeros (`theirs` has small order): `shared` is then zero and must not be used.
bool dh(const Secret32& mine, const ExchangePublic& theirs, Secret32& shared);
ExchangePublic exchange_public_from(const Secret32& exchange_key);

}  // namespace drawbridge
