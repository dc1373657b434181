#include "keys/identity.hpp"

#include <sodium.h>

#include "keys/libsodium.hpp"

namespace drawbridge {

Identity identity_from_seed(const Secret32& seed) {
  start_libsodium();
  Identity identity;
  crypto_sign_seed_keypair(identity.id.bytes.data(), identity.signing_key.reveal_mutable().data(),
                           seed.reveal().data());
  crypto_sign_ed25519_sk_to_curve25519(identity.exchange_key.reveal_mutable().data(),
                                       identity.signing_key.reveal().data());
  identity.exchange_public = exchange_public_from(identity.exchange_key);
  return identity;
}

Result<ExchangePublic> exchange_public_of(const DeviceId& id) {
  ExchangePublic exchange;
  // is_valid_point refuses non-canonical encodings, which the conversion alone lets through.
  bool valid = crypto_core_ed25519_is_valid_point(id.bytes.data()) == 1 &&
               crypto_sign_ed25519_pk_to_curve25519(exchange.data(), id.bytes.data()) == 0;
  if (!valid) return Error{ErrorCode::authentication, "This device id is not a valid key.", "Ask for the id again."};
  return exchange;
}

Signature sign(const Identity& identity, ByteView message) {
  Signature signature;
  crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(), identity.signing_key.reveal().data());
  return signature;
}

bool verify(const DeviceId& id, ByteView message, const Signature& signature) {
  return crypto_sign_verify_detached(signature.data(), message.data(), message.size(), id.bytes.data()) == 0;
}

bool dh(const Secret32& mine, const ExchangePublic& theirs, Secret32& shared) {
  if (crypto_scalarmult_curve25519(shared.reveal_mutable().data(), mine.reveal().data(), theirs.data()) == 0)
    return true;
  shared.clear();
  return false;
}

ExchangePublic exchange_public_from(const Secret32& exchange_key) {
  ExchangePublic exchange;
  crypto_scalarmult_curve25519_base(exchange.data(), exchange_key.reveal().data());
  return exchange;
}

}  // namespace drawbridge
