#include "protocol/noise/symmetric_state.hpp"

#include <algorithm>

namespace drawbridge::noise {

SymmetricState::SymmetricState(std::string_view protocol_name) {
  if (protocol_name.size() <= hash_.size()) {
    std::copy(protocol_name.begin(), protocol_name.end(), hash_.begin());
  } else {
    hash_ = blake2b_512({as_bytes(protocol_name)});
  }
  chaining_key_ = Secret<64>(hash_);
}

void SymmetricState::mix_key(ByteView input) {
  HkdfPair keys = noise_hkdf2(chaining_key_.reveal(), input);
  chaining_key_ = std::move(keys.first);
  cipher_ = CipherState(first_bytes<32>(keys.second));
}

void SymmetricState::mix_hash(ByteView bytes) {
  hash_ = blake2b_512({hash_, bytes});
}

void SymmetricState::mix_key_and_hash(ByteView input) {
  HkdfTriple keys = noise_hkdf3(chaining_key_.reveal(), input);
  chaining_key_ = std::move(keys.first);
  mix_hash(keys.second.reveal());
  cipher_ = CipherState(first_bytes<32>(keys.third));
}

void SymmetricState::encrypt_and_hash(Bytes& output, ByteView plaintext) {
  size_t before = output.size();
  cipher_.encrypt(output, hash_, plaintext);
  mix_hash(ByteView(output).subspan(before));
}

bool SymmetricState::decrypt_and_hash(Bytes& output, ByteView ciphertext) {
  if (!cipher_.decrypt(output, hash_, ciphertext)) return false;
  mix_hash(ciphertext);
  return true;
}

TransportKeys SymmetricState::split() const {
  HkdfPair keys = noise_hkdf2(chaining_key_.reveal(), {});
  return {first_bytes<32>(keys.first), first_bytes<32>(keys.second)};
}

}  // namespace drawbridge::noise
