// Every key of a pair and of a connection, and what each is derived from: docs/spec/handshake.md, "Key schedule".
#pragma once

#include "keys/hash.hpp"
#include "protocol/aead/packet_protection.hpp"

namespace drawbridge::quic {

// What the two ends of one relation hold in common, all of it from the pairwise PSK (or an invitation's secret).
struct PairKeys {
  Secret32 psk;                   // of Noise IKpsk2
  Secret32 knock;                 // keys of Initial packets
  Secret<16> knock_tag;           // SipHash key of the tag in a device's first connection id
  Secret32 check_to_office;       // sealed connectivity checks, one key a direction
  Secret32 check_to_device;
  Secret<16> check_tag_to_office;
  Secret<16> check_tag_to_device;
};
PairKeys derive_pair_keys(const Secret32& psk);

// One direction of one packet number space (or key phase).
struct PacketKeys {
  AeadId aead = AeadId::chacha20_poly1305;
  Secret32 key;
  Secret32 header_key;
  std::array<uint8_t, packet_nonce_size> iv{};
};
struct DirectionKeys {
  PacketKeys to_office, to_device;
};

// Keys of the Initial packets of a connection whose first destination connection id is `dcid` (16 bytes).
DirectionKeys derive_initial_keys(const Secret32& knock, ByteView dcid);

// Secrets from which a connection's later keys come.
struct TrafficSecrets {
  Secret32 to_office, to_device;
};
struct HandshakeSecrets {
  TrafficSecrets handshake;       // Handshake packets
  TrafficSecrets traffic;         // 1-RTT packets, generation 0
  Secret32 finished_office;       // keys of the Finished messages
  Secret32 finished_device;
  Secret32 next_psk;              // the long-term PSK, when this handshake is a pairing
};
// `chaining_key` and `handshake_hash` (64 bytes each) as Noise left them after message 2.
HandshakeSecrets derive_handshake_secrets(const Secret<64>& chaining_key, ByteView handshake_hash);

PacketKeys derive_packet_keys(const Secret32& traffic_secret, AeadId aead);

// Generation n + 1 from n and the X25519 of fresh ephemerals that both ends sent sealed under n.
TrafficSecrets next_generation(const TrafficSecrets& secrets, const Secret32& shared, uint32_t generation);

// The nonce of RFC 9001 5.3: the IV, exclusive-or the packet number, which ngtcp2 hands over as a nonce of IV zero.
std::array<uint8_t, packet_nonce_size> packet_nonce(const std::array<uint8_t, packet_nonce_size>& iv, const uint8_t* number);

}  // namespace drawbridge::quic
