// keys/unicode.hpp for core.wasm: a phone reads no 24 words, and its page no other words than ASCII, so that the 300 KB of
// Unicode's tables need not travel. Only in the WebAssembly build, in the place of keys/unicode.cpp.
#include "keys/unicode.hpp"

namespace drawbridge {

Result<SecretBytes> nfkd(std::string_view text) { return SecretBytes(as_bytes(text)); }

Result<SecretBytes> folded(std::string_view text) {
  SecretBytes out(as_bytes(text));
  for (uint8_t& byte : out.reveal_mutable()) {
    if (byte >= 'A' && byte <= 'Z') byte = static_cast<uint8_t>(byte + 32);
  }
  return out;
}

}  // namespace drawbridge
