// CipherState of the Noise document, section 5.1, with ChaChaPoly (section 12.3).
#pragma once

#include "keys/bytes.hpp"
#include "keys/secret.hpp"

namespace drawbridge::noise {

class CipherState {
 public:
  CipherState() = default;  // without key: text passes through unchanged
  explicit CipherState(const Secret32& key) : key_(key), keyed_(true) {}

  bool has_key() const { return keyed_; }
  // What encryption adds to a text: nothing, or a tag.
  size_t overhead() const;

  // Appends the ciphertext to `output`. Counts the nonce up; 2^64 - 1 messages under one key are out of reach here.
  void encrypt(Bytes& output, ByteView aad, ByteView plaintext);
  // Appends the plaintext to `output`; false, with output and nonce as before, if the tag is wrong.
  bool decrypt(Bytes& output, ByteView aad, ByteView ciphertext);

 private:
  Secret32 key_;
  uint64_t nonce_ = 0;
  bool keyed_ = false;
};

}  // namespace drawbridge::noise
