// ChaCha20-Poly1305 (RFC 8439) at packet size, by libsodium's own parts put together in one pass.
#pragma once

#include "keys/secret.hpp"
#include "protocol/aead/packet_protection.hpp"

namespace drawbridge {

// Bit for bit what RFC 8439 says. libsodium's stock call runs its stream cipher twice, and slowly over tails; here one
// run over 64 zero bytes and the text, rounded up to what its vector code likes, gives the Poly1305 key and the
// ciphertext at once, and one run of Poly1305 covers header, text and lengths laid out side by side.
// Longer texts or headers than a packet's go to the stock call.
class ChachaPacketKey final : public PacketKey {
 public:
  explicit ChachaPacketKey(const Secret32& key) : key_(key) {}
  void seal(MutableBytes sealed, ByteView plaintext, PacketNonce nonce, ByteView aad) override;
  bool open(MutableBytes plaintext, ByteView sealed, PacketNonce nonce, ByteView aad) override;

 private:
  Secret32 key_;
};

class ChachaHeaderMask final : public HeaderMask {
 public:
  explicit ChachaHeaderMask(const Secret32& key) : key_(key) {}
  void mask(std::span<uint8_t, header_mask_size> out, std::span<const uint8_t, header_sample_size> sample) override;

 private:
  Secret32 key_;
};

}  // namespace drawbridge
