#include "protocol/quic/handshake.hpp"

#include <cassert>

#include "protocol/base/limits.hpp"
#include "protocol/wire/msgpack.hpp"

namespace drawbridge::quic {
namespace {

constexpr size_t list_longest = 8;
constexpr size_t parameters_longest = 512;

const noise::Pattern& ikpsk2() {
  static const noise::Pattern pattern = *noise::find_pattern("IKpsk2");
  return pattern;
}

noise::HandshakeSetup setup(noise::Role role, Bytes prologue, const Identity& self, const Secret32& psk) {
  return {.role = role, .prologue = std::move(prologue), .local_static = noise::exchange_keys_of(self), .psk = psk};
}

noise::HandshakeSetup device_setup(Purpose purpose, const Identity& self, const DeviceId& office, const ExchangePublic& office_key,
                                   const Secret32& psk) {
  // While pairing the office cannot know who knocks until message 1 is read; the device's id is proved afterwards.
  DeviceId device = purpose == Purpose::session ? self.id : DeviceId{};
  noise::HandshakeSetup s = setup(noise::Role::initiator, prologue(purpose, office, device), self, psk);
  s.remote_static = office_key;
  return s;
}

}  // namespace

Bytes encode(const ClientHello& hello) {
  Bytes payload;
  msgpack::Writer writer(payload);
  writer.array(6).array(hello.versions.size());
  for (uint8_t version : hello.versions) writer.uint(version);
  writer.array(hello.aeads.size());
  for (AeadId aead : hello.aeads) writer.uint(static_cast<uint8_t>(aead));
  writer.uint(hello.counter).uint(hello.boot_id).uint(hello.live).bin(hello.transport_parameters);
  return payload;
}

std::optional<ClientHello> parse_client_hello(ByteView payload) {
  msgpack::Reader reader(payload);
  ClientHello hello{.versions = {}, .aeads = {}};
  reader.array_exact(6);
  for (size_t left = reader.array(list_longest); left > 0; --left) hello.versions.push_back(static_cast<uint8_t>(reader.uint(UINT8_MAX)));
  for (size_t left = reader.array(list_longest); left > 0; --left) hello.aeads.push_back(static_cast<AeadId>(reader.uint(UINT8_MAX)));
  hello.counter = reader.uint();
  hello.boot_id = reader.uint();
  hello.live = reader.uint();
  hello.transport_parameters = to_bytes(reader.bin(parameters_longest));
  if (!reader.done()) return std::nullopt;
  return hello;
}

Bytes encode(const ServerHello& hello) {
  Bytes payload;
  msgpack::Writer(payload)
      .array(6)
      .uint(static_cast<uint8_t>(hello.answer))
      .uint(hello.version)
      .uint(static_cast<uint8_t>(hello.aead))
      .uint(hello.boot_id)
      .uint(hello.handle)
      .bin(hello.transport_parameters);
  return payload;
}

std::optional<ServerHello> parse_server_hello(ByteView payload) {
  msgpack::Reader reader(payload);
  ServerHello hello;
  reader.array_exact(6);
  hello.answer = static_cast<Answer>(reader.uint(static_cast<uint8_t>(Answer::upgrade_needed)));
  hello.version = static_cast<uint8_t>(reader.uint(UINT8_MAX));
  hello.aead = static_cast<AeadId>(reader.uint(UINT8_MAX));
  hello.boot_id = reader.uint();
  hello.handle = reader.uint();
  hello.transport_parameters = to_bytes(reader.bin(parameters_longest));
  if (!reader.done()) return std::nullopt;
  return hello;
}

Bytes prologue(Purpose purpose, const DeviceId& office, const DeviceId& device) {
  Bytes bytes = to_bytes(as_bytes("drawbridge/1"));
  bytes.push_back(static_cast<uint8_t>(purpose));
  append(bytes, office.bytes);
  append(bytes, device.bytes);
  return bytes;
}

DeviceHandshake::DeviceHandshake(Purpose purpose, const Identity& self, const DeviceId& office, const ExchangePublic& office_key,
                                 const Secret32& psk, Entropy& entropy)
    : noise_(ikpsk2(), device_setup(purpose, self, office, office_key, psk), entropy) {}

Bytes DeviceHandshake::write_message1(const ClientHello& hello) {
  Result<Bytes> message = noise_.write_message(encode(hello));
  assert(message && message->size() <= limits::message1_bytes);
  return message.take();
}

std::optional<ServerHello> DeviceHandshake::read_message2(ByteView message) {
  Result<Bytes> payload = noise_.read_message(message);
  return payload ? parse_server_hello(*payload) : std::nullopt;
}

HandshakeSecrets DeviceHandshake::secrets() const { return derive_handshake_secrets(noise_.chaining_key(), noise_.handshake_hash()); }
Hash64 DeviceHandshake::hash() const { return noise_.handshake_hash(); }

std::optional<OfficeHandshake> OfficeHandshake::read(ByteView message1, Purpose purpose, const Identity& self, const DeviceId& device,
                                                     const Secret32& psk, Entropy& entropy) {
  DeviceId named = purpose == Purpose::session ? device : DeviceId{};
  OfficeHandshake handshake(
      noise::HandshakeState(ikpsk2(), setup(noise::Role::responder, prologue(purpose, self.id, named), self, psk), entropy));
  Result<Bytes> payload = handshake.noise_.read_message(message1);
  if (!payload) return std::nullopt;
  auto hello = parse_client_hello(*payload);
  if (!hello) return std::nullopt;
  handshake.hello_ = std::move(*hello);
  handshake.device_key_ = *handshake.noise_.remote_static();
  return handshake;
}

Bytes OfficeHandshake::write_message2(const ServerHello& hello) {
  Result<Bytes> message = noise_.write_message(encode(hello));
  // Fails only for a small-order key of the device's, which reading message 1 has refused already.
  return message ? message.take() : Bytes();
}

HandshakeSecrets OfficeHandshake::secrets() const { return derive_handshake_secrets(noise_.chaining_key(), noise_.handshake_hash()); }
Hash64 OfficeHandshake::hash() const { return noise_.handshake_hash(); }

Secret32 finished_mac(const Secret32& finished_key, const Hash64& hash) { return keyed_blake2b_256(finished_key.reveal(), {hash}); }

Bytes framed(ByteView message) {
  Bytes bytes = {static_cast<uint8_t>(message.size() >> 8), static_cast<uint8_t>(message.size())};
  append(bytes, message);
  return bytes;
}

}  // namespace drawbridge::quic
