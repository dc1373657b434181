#include "protocol/quic/key_schedule.hpp"

#include <algorithm>

namespace drawbridge::quic {
namespace {

std::array<uint8_t, packet_nonce_size> derive_iv(const Secret32& secret) {
  Secret32 wide = derive_key(secret, "iv");
  std::array<uint8_t, packet_nonce_size> iv;
  std::copy_n(wide.reveal().begin(), iv.size(), iv.begin());
  return iv;
}

}  // namespace

PairKeys derive_pair_keys(const Secret32& psk) {
  return {
      .psk = psk,
      .knock = derive_key(psk, "knock"),
      .knock_tag = first_bytes<16>(derive_key(psk, "knock tag")),
      .check_to_office = derive_key(psk, "check to office"),
      .check_to_device = derive_key(psk, "check to device"),
      .check_tag_to_office = first_bytes<16>(derive_key(psk, "check tag to office")),
      .check_tag_to_device = first_bytes<16>(derive_key(psk, "check tag to device")),
  };
}

PacketKeys derive_packet_keys(const Secret32& secret, AeadId aead) {
  return {
      .aead = aead,
      .key = derive_key(secret, "key"),
      .header_key = derive_key(secret, "header"),
      .iv = derive_iv(secret),
  };
}

DirectionKeys derive_initial_keys(const Secret32& knock, ByteView dcid) {
  Secret32 to_office = derive_key(knock, "initial to office", dcid);
  Secret32 to_device = derive_key(knock, "initial to device", dcid);
  return {derive_packet_keys(to_office, AeadId::chacha20_poly1305), derive_packet_keys(to_device, AeadId::chacha20_poly1305)};
}

HandshakeSecrets derive_handshake_secrets(const Secret<64>& chaining_key, ByteView handshake_hash) {
  // An exporter beside Noise's own Split(): another input to the same pseudo-random function, so unrelated output.
  Secret<64> exported = hmac_blake2b(chaining_key.reveal(), {as_bytes("drawbridge/1 exporter"), handshake_hash});
  Secret32 master = first_bytes<32>(exported);
  return {
      .handshake = {derive_key(master, "handshake to office"), derive_key(master, "handshake to device")},
      .traffic = {derive_key(master, "traffic to office"), derive_key(master, "traffic to device")},
      .finished_office = derive_key(master, "finished office"),
      .finished_device = derive_key(master, "finished device"),
      .next_psk = derive_key(master, "pair"),
  };
}

TrafficSecrets next_generation(const TrafficSecrets& secrets, const Secret32& shared, uint32_t generation) {
  uint8_t number[4] = {uint8_t(generation >> 24), uint8_t(generation >> 16), uint8_t(generation >> 8), uint8_t(generation)};
  Secret<64> mixed = keyed_blake2b_512(shared.reveal(), {as_bytes("drawbridge/1 update"), number});
  auto context = ByteView(mixed.reveal());
  return {derive_key(secrets.to_office, "update", context), derive_key(secrets.to_device, "update", context)};
}

std::array<uint8_t, packet_nonce_size> packet_nonce(const std::array<uint8_t, packet_nonce_size>& iv, const uint8_t* number) {
  std::array<uint8_t, packet_nonce_size> nonce;
  for (size_t i = 0; i < nonce.size(); ++i) nonce[i] = iv[i] ^ number[i];
  return nonce;
}

}  // namespace drawbridge::quic
