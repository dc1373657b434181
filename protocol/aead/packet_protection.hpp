// Packet protection of QUIC with Noise keys: one interface, two algorithms (RFC 9001 sections 5.3 and 5.4).
//
// A key object belongs to one direction of one key phase and to one thread. Keys are set up once; a packet allocates
// nothing. Destroying an object wipes its key.
#pragma once

#include <memory>

#include "keys/aead.hpp"
#include "keys/bytes.hpp"

namespace drawbridge {

// Sent in handshakes: never renumber. Bit number in lists of supported algorithms.
enum class AeadId : uint8_t {
  chacha20_poly1305 = 1,  // always there
  aes_256_gcm = 2,  // offered where hardware_aes_available(); docs/decisions/0001-packet-protection.md says why 256
};

constexpr size_t packet_key_size = 32;  // of both algorithms
constexpr size_t header_key_size = 32;
constexpr size_t packet_nonce_size = 12;
constexpr size_t packet_tag_size = aead_tag_size;
constexpr size_t header_sample_size = 16;
constexpr size_t header_mask_size = 5;

using PacketNonce = std::span<const uint8_t, packet_nonce_size>;

class PacketKey {
 public:
  virtual ~PacketKey() = default;  // wipes

  // `sealed` has plaintext.size() + packet_tag_size bytes and may begin where the plaintext does (ngtcp2 encrypts in
  // place), but must not overlap it otherwise. The nonce must never repeat under one key.
  virtual void seal(MutableBytes sealed, ByteView plaintext, PacketNonce nonce, ByteView aad) = 0;

  // `plaintext` has room for sealed.size() - packet_tag_size bytes; it may begin where `sealed` does. False: the tag
  // is wrong, or `sealed` is shorter than a tag; `plaintext` then holds nothing that may be used.
  virtual bool open(MutableBytes plaintext, ByteView sealed, PacketNonce nonce, ByteView aad) = 0;
};

class HeaderMask {
 public:
  virtual ~HeaderMask() = default;  // wipes
  // RFC 9001 5.4.3 (AES) and 5.4.4 (ChaCha20): the first five bytes of the keystream block for this sample.
  virtual void mask(std::span<uint8_t, header_mask_size> out, std::span<const uint8_t, header_sample_size> sample) = 0;
};

// The key is copied. Null if this build lacks the algorithm, which never happens for chacha20_poly1305.
std::unique_ptr<PacketKey> make_packet_key(AeadId id, const Secret32& key);
std::unique_ptr<HeaderMask> make_header_mask(AeadId id, const Secret32& key);

// AES-GCM here would be fast and free of timing leaks: the processor has AES and carry-less multiplication, and
// libcrypto is built in. False in WebAssembly.
bool hardware_aes_available();

}  // namespace drawbridge
