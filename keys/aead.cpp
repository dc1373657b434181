#include "keys/aead.hpp"

#include <sodium.h>

#include <cassert>

namespace drawbridge {

void chacha_seal(MutableBytes sealed, ByteView plaintext, ChachaNonce nonce, ByteView aad, const Secret32& key) {
  assert(sealed.size() == plaintext.size() + aead_tag_size);
  crypto_aead_chacha20poly1305_ietf_encrypt(sealed.data(), nullptr, plaintext.data(), plaintext.size(), aad.data(),
                                            aad.size(), nullptr, nonce.data(), key.reveal().data());
}

bool chacha_open(MutableBytes plaintext, ByteView sealed, ChachaNonce nonce, ByteView aad, const Secret32& key) {
  if (sealed.size() < aead_tag_size) return false;
  assert(plaintext.size() == sealed.size() - aead_tag_size);
  return crypto_aead_chacha20poly1305_ietf_decrypt(plaintext.data(), nullptr, nullptr, sealed.data(), sealed.size(),
                                                   aad.data(), aad.size(), nonce.data(), key.reveal().data()) == 0;
}

void xchacha_seal(MutableBytes sealed, ByteView plaintext, XchachaNonce nonce, ByteView aad, const Secret32& key) {
  assert(sealed.size() == plaintext.size() + aead_tag_size);
  crypto_aead_xchacha20poly1305_ietf_encrypt(sealed.data(), nullptr, plaintext.data(), plaintext.size(), aad.data(),
                                             aad.size(), nullptr, nonce.data(), key.reveal().data());
}

bool xchacha_open(MutableBytes plaintext, ByteView sealed, XchachaNonce nonce, ByteView aad, const Secret32& key) {
  if (sealed.size() < aead_tag_size) return false;
  assert(plaintext.size() == sealed.size() - aead_tag_size);
  return crypto_aead_xchacha20poly1305_ietf_decrypt(plaintext.data(), nullptr, nullptr, sealed.data(), sealed.size(),
                                                    aad.data(), aad.size(), nonce.data(), key.reveal().data()) == 0;
}

}  // namespace drawbridge
