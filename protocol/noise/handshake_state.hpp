// HandshakeState of the Noise document, section 5.3, for the suite 25519_ChaChaPoly_BLAKE2b.
//
//   initiator (device)                           responder (office)
//   write_message(payload 1)        ->           read_message: payload 1, remote_static()
//   read_message: payload 2         <-           write_message(payload 2)
//   finished(): handshake_hash(), chaining_key(), split() agree at both ends
//
// A call that fails leaves the handshake exactly as it was: a forged or damaged message does not stop a good one that
// comes later. Secrets are wiped with the object. Copying is allowed (a copy is an independent handshake that shares
// the ephemeral key: never send from both).
#pragma once

#include "keys/entropy.hpp"
#include "keys/identity.hpp"
#include "keys/result.hpp"
#include "protocol/noise/pattern.hpp"
#include "protocol/noise/symmetric_state.hpp"

namespace drawbridge::noise {

constexpr size_t max_message_size = 65535;
constexpr size_t public_key_size = 32;

struct KeyPair {
  Secret32 private_key;
  ExchangePublic public_key{};
};

inline KeyPair exchange_keys_of(const Identity& identity) {
  return {identity.exchange_key, identity.exchange_public};
}

enum class Role : uint8_t { initiator, responder };

struct HandshakeSetup {
  Role role{};
  Bytes prologue;                               // public; both ends must have the same
  std::optional<KeyPair> local_static;          // as the pattern demands (asserted)
  std::optional<ExchangePublic> remote_static;  // likewise, where it is known beforehand
  std::optional<Secret32> psk;                  // may also be given later: set_psk
};

class HandshakeState {
 public:
  // `entropy` gives the ephemeral private key, 32 bytes, at the first write; it must outlive the handshake.
  HandshakeState(const Pattern& pattern, const HandshakeSetup& setup, Entropy& entropy);

  // Any time before the message that mixes the pre-shared key in.
  void set_psk(const Secret32& psk) { psk_ = psk; }

  // Errors: `limit` (the message would exceed max_message_size), `state` (not our turn, or no pre-shared key yet),
  // `authentication` (a key of the peer has small order).
  Result<Bytes> write_message(ByteView payload);

  // The payload. Errors: `malformed` (longer than max_message_size, or too short), `state` as above, `authentication`
  // (a tag is wrong or a key of the peer has small order): the message is not from who we think, or was changed.
  Result<Bytes> read_message(ByteView message);

  bool finished() const { return progress_.messages_done == pattern_.message_count; }
  bool our_turn() const;  // to write
  const std::optional<ExchangePublic>& remote_static() const { return progress_.remote_static; }

  // Meaningful when finished(); before, the values so far.
  const Hash64& handshake_hash() const { return progress_.symmetric.hash(); }
  const Secret<64>& chaining_key() const { return progress_.symmetric.chaining_key(); }
  TransportKeys split() const { return progress_.symmetric.split(); }

 private:
  // What one message changes; worked on as a copy and kept only if the whole message is good.
  struct Progress {
    SymmetricState symmetric;
    std::optional<KeyPair> ephemeral;
    std::optional<ExchangePublic> remote_static, remote_ephemeral;
    size_t messages_done = 0;
  };

  const MessagePattern& current_message() const { return pattern_.messages[progress_.messages_done]; }
  std::span<const Token> tokens() const { return std::span(current_message().tokens).first(current_message().count); }
  Result<void> check_turn(bool writing) const;
  void mix_pre_messages();
  Result<void> write_token(Progress& next, Token token, Bytes& message);
  Result<void> read_token(Progress& next, Token token, ByteView& rest) const;
  Result<void> mix_secret(Progress& next, Token token) const;
  void write_ephemeral(Progress& next, Bytes& message);
  Result<void> read_ephemeral(Progress& next, ByteView& rest) const;
  Result<void> read_static(Progress& next, ByteView& rest) const;
  void mix_ephemeral(Progress& next, const ExchangePublic& key) const;

  Pattern pattern_;
  Role role_;
  bool psk_mode_;
  std::optional<KeyPair> local_static_;
  std::optional<Secret32> psk_;
  Entropy* entropy_;
  Progress progress_;
};

}  // namespace drawbridge::noise
