#include "protocol/noise/cipher_state.hpp"

#include "keys/aead.hpp"

namespace drawbridge::noise {

namespace {

// Section 12.3: 32 zero bits, then the counter in little-endian order.
std::array<uint8_t, chacha_nonce_size> nonce_bytes(uint64_t counter) {
  std::array<uint8_t, chacha_nonce_size> bytes{};
  for (size_t i = 0; i < 8; ++i) bytes[4 + i] = static_cast<uint8_t>(counter >> (8 * i));
  return bytes;
}

}  // namespace

size_t CipherState::overhead() const {
  return keyed_ ? aead_tag_size : 0;
}

void CipherState::encrypt(Bytes& output, ByteView aad, ByteView plaintext) {
  if (!keyed_) return append(output, plaintext);
  size_t before = output.size();
  output.resize(before + plaintext.size() + aead_tag_size);
  chacha_seal(MutableBytes(output).subspan(before), plaintext, nonce_bytes(nonce_++), aad, key_);
}

bool CipherState::decrypt(Bytes& output, ByteView aad, ByteView ciphertext) {
  if (!keyed_) {
    append(output, ciphertext);
    return true;
  }
  if (ciphertext.size() < aead_tag_size) return false;
  size_t before = output.size();
  output.resize(before + ciphertext.size() - aead_tag_size);
  bool authentic = chacha_open(MutableBytes(output).subspan(before), ciphertext, nonce_bytes(nonce_), aad, key_);
  if (authentic)
    ++nonce_;
  else
    output.resize(before);
  return authentic;
}

}  // namespace drawbridge::noise
