#include "protocol/aead/packet_protection.hpp"

#include <sodium.h>

#include "keys/libsodium.hpp"
#include "protocol/aead/chacha_packet_key.hpp"
#include "protocol/aead/gcm_packet_key.hpp"

namespace drawbridge {

std::unique_ptr<PacketKey> make_packet_key(AeadId id, const Secret32& key) {
  start_libsodium();
  if (id == AeadId::chacha20_poly1305) return std::make_unique<ChachaPacketKey>(key);
#ifndef DRAWBRIDGE_NO_LIBCRYPTO
  if (id == AeadId::aes_256_gcm) return GcmPacketKey::create(key);
#endif
  return nullptr;
}

std::unique_ptr<HeaderMask> make_header_mask(AeadId id, const Secret32& key) {
  start_libsodium();
  if (id == AeadId::chacha20_poly1305) return std::make_unique<ChachaHeaderMask>(key);
#ifndef DRAWBRIDGE_NO_LIBCRYPTO
  if (id == AeadId::aes_256_gcm) return AesHeaderMask::create(key);
#endif
  return nullptr;
}

bool hardware_aes_available() {
#ifdef DRAWBRIDGE_NO_LIBCRYPTO
  return false;
#elif defined(__x86_64__) || defined(__i386__)
  return start_libsodium() && sodium_runtime_has_aesni() && sodium_runtime_has_pclmul();
#else
  return false;
#endif
}

}  // namespace drawbridge
