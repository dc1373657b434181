// SymmetricState of the Noise document, section 5.2, with BLAKE2b (HASHLEN 64).
#pragma once

#include <string_view>

#include "keys/hash.hpp"
#include "protocol/noise/cipher_state.hpp"

namespace drawbridge::noise {

// The two transport keys of section 5.2, Split(). Drawbridge itself derives its packet keys from the chaining key.
struct TransportKeys {
  Secret32 initiator_to_responder, responder_to_initiator;
};

class SymmetricState {
 public:
  explicit SymmetricState(std::string_view protocol_name);

  void mix_key(ByteView input);
  void mix_hash(ByteView bytes);
  void mix_key_and_hash(ByteView input);

  // Both append to `output` and mix the ciphertext into the hash. A refused decryption leaves everything as it was.
  void encrypt_and_hash(Bytes& output, ByteView plaintext);
  bool decrypt_and_hash(Bytes& output, ByteView ciphertext);

  TransportKeys split() const;
  size_t overhead() const { return cipher_.overhead(); }
  const Hash64& hash() const { return hash_; }
  const Secret<64>& chaining_key() const { return chaining_key_; }

 private:
  Secret<64> chaining_key_;
  Hash64 hash_{};
  CipherState cipher_;
};

}  // namespace drawbridge::noise
