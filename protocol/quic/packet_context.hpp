// What ngtcp2 holds as "native handle" of a key: an object of ours that seals and opens packets of one kind.
#pragma once

#include <ngtcp2/ngtcp2.h>

#include "protocol/quic/traffic_keys.hpp"

namespace drawbridge::quic {

class PacketContext {
 public:
  virtual ~PacketContext() = default;
  // False: there is no such key. When sealing this ends the connection, so it must not happen.
  virtual bool seal(MutableBytes sealed, ByteView plaintext, const uint8_t* number, ByteView aad) = 0;
  virtual bool open(MutableBytes plaintext, ByteView sealed, const uint8_t* number, ByteView aad) = 0;
};

// Initial and Handshake packets: keys known when the context is made.
class FixedContext final : public PacketContext {
 public:
  explicit FixedContext(const PacketKeys& keys) : direction_(keys) {}
  bool seal(MutableBytes sealed, ByteView plaintext, const uint8_t* number, ByteView aad) override;
  bool open(MutableBytes plaintext, ByteView sealed, const uint8_t* number, ByteView aad) override;

 private:
  KeyedDirection direction_;
};

// What the 1-RTT contexts of one connection count together.
struct PacketCounts {
  uint32_t sealing_generation = 0, opening_generation = 0;  // newest that was used; a key exists before it is
  uint64_t sealed = 0;           // under the key of sealing_generation
  uint64_t opened = 0;           // under the key of opening_generation, replays included
  uint64_t seal_limit = UINT64_MAX;  // of one key
  uint64_t opened_new = 0;       // packets with a number above all before: authentic, and no replay
  int64_t highest_number = -1;
};

// 1-RTT packets of one generation: ngtcp2 asks for the context of the next generation long before the keys exist, so
// they are looked up at each use. `keys` must outlive the context (both belong to one connection).
class TrafficContext final : public PacketContext {
 public:
  TrafficContext(TrafficKeys& keys, uint32_t generation, PacketCounts& counts)
      : keys_(keys), generation_(generation), counts_(counts) {}
  bool seal(MutableBytes sealed, ByteView plaintext, const uint8_t* number, ByteView aad) override;
  bool open(MutableBytes plaintext, ByteView sealed, const uint8_t* number, ByteView aad) override;

 private:
  TrafficKeys& keys_;
  uint32_t generation_;
  PacketCounts& counts_;
};

// ngtcp2 owns what these return, and hands it to delete_* below.
ngtcp2_crypto_aead_ctx aead_context(PacketContext* context);
ngtcp2_crypto_cipher_ctx header_context(const PacketKeys& keys);

// ngtcp2's callbacks of the same names; see its header for the contract.
int encrypt_packet(uint8_t* dest, const ngtcp2_crypto_aead*, const ngtcp2_crypto_aead_ctx* context, const uint8_t* plaintext,
                   size_t plaintext_size, const uint8_t* nonce, size_t nonce_size, const uint8_t* aad, size_t aad_size);
int decrypt_packet(uint8_t* dest, const ngtcp2_crypto_aead*, const ngtcp2_crypto_aead_ctx* context, const uint8_t* sealed,
                   size_t sealed_size, const uint8_t* nonce, size_t nonce_size, const uint8_t* aad, size_t aad_size);
int mask_header(uint8_t* dest, const ngtcp2_crypto_cipher*, const ngtcp2_crypto_cipher_ctx* context, const uint8_t* sample);
void delete_aead_context(ngtcp2_conn*, ngtcp2_crypto_aead_ctx* context, void*);
void delete_header_context(ngtcp2_conn*, ngtcp2_crypto_cipher_ctx* context, void*);

}  // namespace drawbridge::quic
