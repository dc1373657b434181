#include "protocol/aead/gcm_packet_key.hpp"

#ifndef DRAWBRIDGE_NO_LIBCRYPTO

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <cassert>

namespace drawbridge {

namespace {

// libcrypto's configuration file and environment have no say here.
EVP_CIPHER* fetch(const char* name) {
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  return EVP_CIPHER_fetch(nullptr, name, nullptr);
}

EVP_CIPHER_CTX* keyed(const EVP_CIPHER* cipher, const Secret32& key) {
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  if (cipher && context && EVP_EncryptInit_ex(context, cipher, nullptr, key.reveal().data(), nullptr) == 1)
    return context;
  EVP_CIPHER_CTX_free(context);
  return nullptr;
}

}  // namespace

std::unique_ptr<PacketKey> GcmPacketKey::create(const Secret32& key) {
  static EVP_CIPHER* const cipher = fetch("AES-256-GCM");
  EVP_CIPHER_CTX* context = keyed(cipher, key);
  return context ? std::unique_ptr<PacketKey>(new GcmPacketKey(context)) : nullptr;
}

GcmPacketKey::~GcmPacketKey() {
  EVP_CIPHER_CTX_free(cipher_);
}

void GcmPacketKey::seal(MutableBytes sealed, ByteView plaintext, PacketNonce nonce, ByteView aad) {
  assert(sealed.size() == plaintext.size() + packet_tag_size);
  int length = 0, text_size = static_cast<int>(plaintext.size());
  uint8_t* tag = sealed.data() + plaintext.size();
  bool sealed_whole = EVP_CipherInit_ex(cipher_, nullptr, nullptr, nullptr, nonce.data(), 1) == 1 &&
                      EVP_CipherUpdate(cipher_, nullptr, &length, aad.data(), static_cast<int>(aad.size())) == 1 &&
                      EVP_CipherUpdate(cipher_, sealed.data(), &length, plaintext.data(), text_size) == 1 &&
                      EVP_CipherFinal_ex(cipher_, tag, &length) == 1 &&
                      EVP_CIPHER_CTX_ctrl(cipher_, EVP_CTRL_AEAD_GET_TAG, packet_tag_size, tag) == 1;
  assert(sealed_whole);
  (void)sealed_whole;
}

bool GcmPacketKey::open(MutableBytes plaintext, ByteView sealed, PacketNonce nonce, ByteView aad) {
  if (sealed.size() < packet_tag_size) return false;
  size_t text_size = sealed.size() - packet_tag_size;
  assert(plaintext.size() >= text_size);
  int length = 0;
  uint8_t tag[packet_tag_size], none[packet_tag_size];
  std::memcpy(tag, sealed.data() + text_size, sizeof tag);
  return EVP_CipherInit_ex(cipher_, nullptr, nullptr, nullptr, nonce.data(), 0) == 1 &&
         EVP_CipherUpdate(cipher_, nullptr, &length, aad.data(), static_cast<int>(aad.size())) == 1 &&
         EVP_CipherUpdate(cipher_, plaintext.data(), &length, sealed.data(), static_cast<int>(text_size)) == 1 &&
         EVP_CIPHER_CTX_ctrl(cipher_, EVP_CTRL_AEAD_SET_TAG, packet_tag_size, tag) == 1 &&
         EVP_CipherFinal_ex(cipher_, none, &length) == 1;
}

std::unique_ptr<HeaderMask> AesHeaderMask::create(const Secret32& key) {
  static EVP_CIPHER* const cipher = fetch("AES-256-ECB");
  EVP_CIPHER_CTX* context = keyed(cipher, key);
  return context ? std::unique_ptr<HeaderMask>(new AesHeaderMask(context)) : nullptr;
}

AesHeaderMask::~AesHeaderMask() {
  EVP_CIPHER_CTX_free(cipher_);
}

void AesHeaderMask::mask(std::span<uint8_t, header_mask_size> out,
                         std::span<const uint8_t, header_sample_size> sample) {
  uint8_t block[header_sample_size];
  int length = 0;
  [[maybe_unused]] bool masked = EVP_EncryptUpdate(cipher_, block, &length, sample.data(), header_sample_size) == 1;
  assert(masked && length == header_sample_size);
  std::memcpy(out.data(), block, header_mask_size);
}

}  // namespace drawbridge

#endif
