#include "protocol/noise/handshake_state.hpp"

#include <algorithm>
#include <cassert>

namespace drawbridge::noise {

namespace {

std::string protocol_name(const Pattern& pattern) {
  return "Noise_" + pattern.name + "_25519_ChaChaPoly_BLAKE2b";
}

Error refused() {
  return {ErrorCode::authentication, "The handshake message does not match the expected keys.", ""};
}
Error too_short() {
  return {ErrorCode::malformed, "The handshake message is too short.", ""};
}
Error out_of_turn() {
  return {ErrorCode::state, "The handshake does not expect this step now.", ""};
}

ExchangePublic to_public_key(ByteView bytes) {
  ExchangePublic key;
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return key;
}

}  // namespace

HandshakeState::HandshakeState(const Pattern& pattern, const HandshakeSetup& setup, Entropy& entropy)
    : pattern_(pattern),
      role_(setup.role),
      psk_mode_(pattern.has_psk()),
      local_static_(setup.local_static),
      psk_(setup.psk),
      entropy_(&entropy),
      progress_{SymmetricState(protocol_name(pattern)), {}, setup.remote_static, {}, 0} {
  progress_.symmetric.mix_hash(setup.prologue);
  mix_pre_messages();
}

void HandshakeState::mix_pre_messages() {
  auto mix = [this](bool ours) {
    assert(ours ? local_static_.has_value() : progress_.remote_static.has_value());
    progress_.symmetric.mix_hash(ours ? local_static_->public_key : *progress_.remote_static);
  };
  if (pattern_.initiator_static_known) mix(role_ == Role::initiator);
  if (pattern_.responder_static_known) mix(role_ == Role::responder);
}

bool HandshakeState::our_turn() const {
  bool initiators = progress_.messages_done % 2 == 0;
  return !finished() && initiators == (role_ == Role::initiator);
}

Result<void> HandshakeState::check_turn(bool writing) const {
  if (finished() || our_turn() != writing) return out_of_turn();
  bool needs_psk = std::ranges::find(tokens(), Token::psk) != tokens().end();
  if (needs_psk && !psk_) return Error{ErrorCode::state, "The pre-shared key is not known yet.", ""};
  return {};
}

Result<Bytes> HandshakeState::write_message(ByteView payload) {
  if (auto turn = check_turn(true); !turn) return turn.error();
  Progress next = progress_;
  Bytes message;
  for (Token token : tokens()) {
    if (auto written = write_token(next, token, message); !written) return written.error();
  }
  if (payload.size() > max_message_size ||
      message.size() + payload.size() + next.symmetric.overhead() > max_message_size) {
    return Error{ErrorCode::limit, "The handshake message would be too long.", ""};
  }
  next.symmetric.encrypt_and_hash(message, payload);
  ++next.messages_done;
  progress_ = std::move(next);
  return message;
}

Result<Bytes> HandshakeState::read_message(ByteView message) {
  if (auto turn = check_turn(false); !turn) return turn.error();
  if (message.size() > max_message_size) return Error{ErrorCode::malformed, "The handshake message is too long.", ""};
  Progress next = progress_;
  ByteView rest = message;
  for (Token token : tokens()) {
    if (auto read = read_token(next, token, rest); !read) return read.error();
  }
  if (rest.size() < next.symmetric.overhead()) return too_short();
  Bytes payload;
  if (!next.symmetric.decrypt_and_hash(payload, rest)) return refused();
  ++next.messages_done;
  progress_ = std::move(next);
  return payload;
}

Result<void> HandshakeState::write_token(Progress& next, Token token, Bytes& message) {
  if (token == Token::e) {
    write_ephemeral(next, message);
    return {};
  }
  if (token == Token::s) {
    assert(local_static_);
    next.symmetric.encrypt_and_hash(message, local_static_->public_key);
    return {};
  }
  return mix_secret(next, token);
}

Result<void> HandshakeState::read_token(Progress& next, Token token, ByteView& rest) const {
  if (token == Token::e) return read_ephemeral(next, rest);
  if (token == Token::s) return read_static(next, rest);
  return mix_secret(next, token);
}

void HandshakeState::write_ephemeral(Progress& next, Bytes& message) {
  // An attempt that failed before may have drawn the key already; one handshake has one ephemeral key.
  if (!progress_.ephemeral) {
    KeyPair pair{entropy_->secret32(), {}};
    pair.public_key = exchange_public_from(pair.private_key);
    progress_.ephemeral = std::move(pair);
  }
  next.ephemeral = progress_.ephemeral;
  append(message, next.ephemeral->public_key);
  mix_ephemeral(next, next.ephemeral->public_key);
}

Result<void> HandshakeState::read_ephemeral(Progress& next, ByteView& rest) const {
  if (rest.size() < public_key_size) return too_short();
  next.remote_ephemeral = to_public_key(rest.first(public_key_size));
  rest = rest.subspan(public_key_size);
  mix_ephemeral(next, *next.remote_ephemeral);
  return {};
}

// Section 9.2: with a pre-shared key, ephemeral keys are also mixed into the key, so that its nonces never meet again.
void HandshakeState::mix_ephemeral(Progress& next, const ExchangePublic& key) const {
  next.symmetric.mix_hash(key);
  if (psk_mode_) next.symmetric.mix_key(key);
}

Result<void> HandshakeState::read_static(Progress& next, ByteView& rest) const {
  size_t size = public_key_size + next.symmetric.overhead();
  if (rest.size() < size) return too_short();
  Bytes key;
  if (!next.symmetric.decrypt_and_hash(key, rest.first(size))) return refused();
  next.remote_static = to_public_key(key);
  rest = rest.subspan(size);
  return {};
}

// ee, es, se, ss: the initiator's key is named first. psk: the pre-shared key.
Result<void> HandshakeState::mix_secret(Progress& next, Token token) const {
  if (token == Token::psk) {
    next.symmetric.mix_key_and_hash(psk_->reveal());
    return {};
  }
  bool initiators_static = token == Token::se || token == Token::ss;
  bool responders_static = token == Token::es || token == Token::ss;
  bool ours_static = role_ == Role::initiator ? initiators_static : responders_static;
  bool theirs_static = role_ == Role::initiator ? responders_static : initiators_static;
  const auto& ours = ours_static ? local_static_ : next.ephemeral;
  const auto& theirs = theirs_static ? next.remote_static : next.remote_ephemeral;
  assert(ours && theirs);
  Secret32 shared;
  if (!dh(ours->private_key, *theirs, shared)) return refused();
  next.symmetric.mix_key(shared.reveal());
  return {};
}

}  // namespace drawbridge::noise
