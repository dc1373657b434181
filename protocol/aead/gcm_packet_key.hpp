// AES-256-GCM (NIST SP 800-38D) by libcrypto, which uses the processor's AES and carry-less multiplication.
// Compiled out with DRAWBRIDGE_NO_LIBCRYPTO (WebAssembly has no such instructions).
#pragma once

#ifndef DRAWBRIDGE_NO_LIBCRYPTO

#include "protocol/aead/packet_protection.hpp"

struct evp_cipher_ctx_st;

namespace drawbridge {

class GcmPacketKey final : public PacketKey {
 public:
  // Null if libcrypto cannot set up the cipher.
  static std::unique_ptr<PacketKey> create(const Secret32& key);
  ~GcmPacketKey() override;
  void seal(MutableBytes sealed, ByteView plaintext, PacketNonce nonce, ByteView aad) override;
  bool open(MutableBytes plaintext, ByteView sealed, PacketNonce nonce, ByteView aad) override;

 private:
  explicit GcmPacketKey(evp_cipher_ctx_st* cipher) : cipher_(cipher) {}
  evp_cipher_ctx_st* cipher_;  // keyed once; a packet only sets its nonce
};

class AesHeaderMask final : public HeaderMask {
 public:
  static std::unique_ptr<HeaderMask> create(const Secret32& key);
  ~AesHeaderMask() override;
  void mask(std::span<uint8_t, header_mask_size> out, std::span<const uint8_t, header_sample_size> sample) override;

 private:
  explicit AesHeaderMask(evp_cipher_ctx_st* cipher) : cipher_(cipher) {}
  evp_cipher_ctx_st* cipher_;
};

}  // namespace drawbridge

#endif
