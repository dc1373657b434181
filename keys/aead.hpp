// Authenticated encryption of single messages. Packets have their own, faster form: protocol/aead/.
//
// seal: `sealed` has plaintext.size() + aead_tag_size bytes; it may begin where the plaintext does (in place).
// open: `plaintext` has sealed.size() - aead_tag_size bytes, in place likewise; false if the tag is wrong or `sealed`
//       is shorter than a tag, and then `plaintext` is zeroed or untouched: never use it.
// Sizes of outputs that do not fit are our own mistake and asserted. A nonce is used once per key.
#pragma once

#include "keys/bytes.hpp"
#include "keys/secret.hpp"

namespace drawbridge {

constexpr size_t aead_tag_size = 16;
constexpr size_t chacha_nonce_size = 12;
constexpr size_t xchacha_nonce_size = 24;

using ChachaNonce = std::span<const uint8_t, chacha_nonce_size>;
using XchachaNonce = std::span<const uint8_t, xchacha_nonce_size>;

// ChaCha20-Poly1305, RFC 8439: the nonce is a counter or otherwise known not to repeat.
void chacha_seal(MutableBytes sealed, ByteView plaintext, ChachaNonce nonce, ByteView aad, const Secret32& key);
bool chacha_open(MutableBytes plaintext, ByteView sealed, ChachaNonce nonce, ByteView aad, const Secret32& key);

// XChaCha20-Poly1305: the nonce is long enough to be random. For connectivity checks, key files and backups.
void xchacha_seal(MutableBytes sealed, ByteView plaintext, XchachaNonce nonce, ByteView aad, const Secret32& key);
bool xchacha_open(MutableBytes plaintext, ByteView sealed, XchachaNonce nonce, ByteView aad, const Secret32& key);

}  // namespace drawbridge
