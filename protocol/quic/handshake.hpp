// The Noise handshake that stands in the place of TLS: Noise_IKpsk2_25519_ChaChaPoly_BLAKE2b between a device
// (initiator) and its office (responder). Messages and sizes: docs/spec/handshake.md.
#pragma once

#include <optional>

#include "keys/entropy.hpp"
#include "keys/identity.hpp"
#include "protocol/noise/handshake_state.hpp"
#include "protocol/quic/key_schedule.hpp"

namespace drawbridge::quic {

enum class Purpose : uint8_t { session = 1, pair = 2 };

inline constexpr uint8_t protocol_version = 1;

// Payload of message 1.
struct ClientHello {
  std::vector<uint8_t> versions{protocol_version};
  std::vector<AeadId> aeads{AeadId::chacha20_poly1305};  // in order of preference
  uint64_t counter = 0;      // strictly increasing per device (docs/spec/handshake.md, "Replay")
  uint64_t boot_id = 0;      // of the device's present run
  uint64_t live = 0;         // handle of a connection that the device still holds and would rather keep; 0: none
  Bytes transport_parameters;
};
// Payload of message 2.
enum class Answer : uint8_t { accepted = 0, upgrade_needed = 1 };
struct ServerHello {
  Answer answer = Answer::accepted;
  uint8_t version = protocol_version;
  AeadId aead = AeadId::chacha20_poly1305;
  uint64_t boot_id = 0;      // of the office's present run
  uint64_t handle = 0;       // names this connection in a later ClientHello::live
  Bytes transport_parameters;
};
Bytes encode(const ClientHello& hello);
Bytes encode(const ServerHello& hello);
std::optional<ClientHello> parse_client_hello(ByteView payload);
std::optional<ServerHello> parse_server_hello(ByteView payload);

// "drawbridge/1", purpose, office id, device id. While pairing the office does not know the device yet: zeros.
Bytes prologue(Purpose purpose, const DeviceId& office, const DeviceId& device);

class DeviceHandshake {
 public:
  DeviceHandshake(Purpose purpose, const Identity& self, const DeviceId& office, const ExchangePublic& office_key,
                  const Secret32& psk, Entropy& entropy);
  Bytes write_message1(const ClientHello& hello);
  std::optional<ServerHello> read_message2(ByteView message);
  HandshakeSecrets secrets() const;                     // after message 2
  Hash64 hash() const;                                  // after message 2

 private:
  noise::HandshakeState noise_;
};

class OfficeHandshake {
 public:
  // Nothing: not by the holder of that PSK, or malformed. Costs two X25519; nothing else is computed twice later.
  static std::optional<OfficeHandshake> read(ByteView message1, Purpose purpose, const Identity& self, const DeviceId& device,
                                             const Secret32& psk, Entropy& entropy);
  const ClientHello& hello() const { return hello_; }
  const ExchangePublic& device_key() const { return device_key_; }
  Bytes write_message2(const ServerHello& hello);
  HandshakeSecrets secrets() const;                     // after message 2
  Hash64 hash() const;

 private:
  explicit OfficeHandshake(noise::HandshakeState noise) : noise_(std::move(noise)) {}
  noise::HandshakeState noise_;
  ClientHello hello_;
  ExchangePublic device_key_{};
};

// Contents of the Finished messages: 32 bytes, equal at both ends.
Secret32 finished_mac(const Secret32& finished_key, const Hash64& hash);

// Messages travel in CRYPTO frames as two bytes of length and the message.
Bytes framed(ByteView message);

}  // namespace drawbridge::quic
