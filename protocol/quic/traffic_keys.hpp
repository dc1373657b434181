// 1-RTT keys by generation. A generation is added when both halves of a REKEY are known; packets only look keys up.
#pragma once

#include <array>
#include <memory>

#include "protocol/quic/key_schedule.hpp"

namespace drawbridge::quic {

enum class End : uint8_t { office, device };  // which end of a relation a node is
constexpr End other(End end) { return end == End::office ? End::device : End::office; }

// One direction's packet key with its IV.
class KeyedDirection {
 public:
  KeyedDirection(const PacketKeys& keys)
      : key_(make_packet_key(keys.aead, keys.key)), iv_(keys.iv) {}
  // `number`: 12 bytes, the packet number as ngtcp2 hands it over with an IV of zero.
  void seal(MutableBytes sealed, ByteView plaintext, const uint8_t* number, ByteView aad) {
    key_->seal(sealed, plaintext, packet_nonce(iv_, number), aad);
  }
  bool open(MutableBytes plaintext, ByteView sealed, const uint8_t* number, ByteView aad) {
    return key_->open(plaintext, sealed, packet_nonce(iv_, number), aad);
  }

 private:
  std::unique_ptr<PacketKey> key_;
  std::array<uint8_t, packet_nonce_size> iv_;
};

class TrafficKeys {
 public:
  TrafficKeys(const TrafficSecrets& generation_0, AeadId aead, End self);

  // Null: that generation is not known (yet, or any more).
  KeyedDirection* sealing(uint32_t generation) { return find(generation, &Generation::seal); }
  KeyedDirection* opening(uint32_t generation) { return find(generation, &Generation::open); }
  PacketKeys header_keys(bool sealing) const;   // never updated (RFC 9001 6)

  uint32_t newest() const { return newest_; }
  AeadId aead() const { return aead_; }
  void add_generation(const Secret32& shared);

 private:
  struct Generation {
    bool known = false;
    uint32_t number = 0;
    std::unique_ptr<KeyedDirection> seal, open;
  };
  KeyedDirection* find(uint32_t number, std::unique_ptr<KeyedDirection> Generation::*side);
  void install(uint32_t number);
  const Secret32& secret(bool sealing) const;

  // Of the generations n - 1, n and n + 1 no two share a slot; older ones are overwritten, hence wiped.
  std::array<Generation, 4> ring_;
  TrafficSecrets secrets_;
  AeadId aead_;
  End self_;
  uint32_t newest_ = 0;
  PacketKeys header_seal_, header_open_;
};

}  // namespace drawbridge::quic
