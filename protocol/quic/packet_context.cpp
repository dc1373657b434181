#include "protocol/quic/packet_context.hpp"

namespace drawbridge::quic {

bool FixedContext::seal(MutableBytes sealed, ByteView plaintext, const uint8_t* number, ByteView aad) {
  direction_.seal(sealed, plaintext, number, aad);
  return true;
}

bool FixedContext::open(MutableBytes plaintext, ByteView sealed, const uint8_t* number, ByteView aad) {
  return direction_.open(plaintext, sealed, number, aad);
}

bool TrafficContext::seal(MutableBytes sealed, ByteView plaintext, const uint8_t* number, ByteView aad) {
  KeyedDirection* direction = keys_.sealing(generation_);
  if (!direction) return false;
  if (generation_ != counts_.sealing_generation) counts_.sealing_generation = generation_, counts_.sealed = 0;
  if (counts_.sealed >= counts_.seal_limit) return false;
  ++counts_.sealed;
  direction->seal(sealed, plaintext, number, aad);
  return true;
}

bool TrafficContext::open(MutableBytes plaintext, ByteView sealed, const uint8_t* number, ByteView aad) {
  KeyedDirection* direction = keys_.opening(generation_);
  if (!direction || !direction->open(plaintext, sealed, number, aad)) return false;
  if (generation_ > counts_.opening_generation) counts_.opening_generation = generation_, counts_.opened = 0;
  counts_.opened += generation_ == counts_.opening_generation;
  int64_t value = 0;
  for (size_t i = packet_nonce_size - 8; i < packet_nonce_size; ++i) value = value << 8 | number[i];
  if (value > counts_.highest_number) {
    counts_.highest_number = value;
    ++counts_.opened_new;
  }
  return true;
}

ngtcp2_crypto_aead_ctx aead_context(PacketContext* context) { return {context}; }

ngtcp2_crypto_cipher_ctx header_context(const PacketKeys& keys) {
  return {make_header_mask(keys.aead, keys.header_key).release()};
}

int encrypt_packet(uint8_t* dest, const ngtcp2_crypto_aead*, const ngtcp2_crypto_aead_ctx* context, const uint8_t* plaintext,
                   size_t plaintext_size, const uint8_t* nonce, size_t, const uint8_t* aad, size_t aad_size) {
  auto* packet = static_cast<PacketContext*>(context->native_handle);
  bool done = packet && packet->seal({dest, plaintext_size + packet_tag_size}, {plaintext, plaintext_size}, nonce, {aad, aad_size});
  return done ? 0 : NGTCP2_ERR_CALLBACK_FAILURE;
}

int decrypt_packet(uint8_t* dest, const ngtcp2_crypto_aead*, const ngtcp2_crypto_aead_ctx* context, const uint8_t* sealed,
                   size_t sealed_size, const uint8_t* nonce, size_t, const uint8_t* aad, size_t aad_size) {
  auto* packet = static_cast<PacketContext*>(context->native_handle);
  if (!packet || sealed_size < packet_tag_size) return NGTCP2_ERR_DECRYPT;
  bool done = packet->open({dest, sealed_size - packet_tag_size}, {sealed, sealed_size}, nonce, {aad, aad_size});
  return done ? 0 : NGTCP2_ERR_DECRYPT;
}

int mask_header(uint8_t* dest, const ngtcp2_crypto_cipher*, const ngtcp2_crypto_cipher_ctx* context, const uint8_t* sample) {
  auto* mask = static_cast<HeaderMask*>(context->native_handle);
  mask->mask(std::span<uint8_t, header_mask_size>(dest, header_mask_size),
             std::span<const uint8_t, header_sample_size>(sample, header_sample_size));
  return 0;
}

void delete_aead_context(ngtcp2_conn*, ngtcp2_crypto_aead_ctx* context, void*) {
  delete static_cast<PacketContext*>(context->native_handle);
  context->native_handle = nullptr;
}

void delete_header_context(ngtcp2_conn*, ngtcp2_crypto_cipher_ctx* context, void*) {
  delete static_cast<HeaderMask*>(context->native_handle);
  context->native_handle = nullptr;
}

}  // namespace drawbridge::quic
