// Does our Noise speak with everybody else's? Every published vector of our suite that tests/vectors/ holds is run
// through both roles, message by message.
#include <catch2/catch.hpp>

#include "keys/aead.hpp"
#include "protocol/noise/handshake_state.hpp"
#include "tests/unit/fixed_entropy.hpp"
#include "tests/unit/hex_array.hpp"
#include "tests/unit/vector_file.hpp"

using namespace drawbridge;
using namespace drawbridge::noise;

namespace {

KeyPair key_pair(const std::string& private_hex) {
  KeyPair pair{Secret32(hex<32>(private_hex)), {}};
  pair.public_key = exchange_public_from(pair.private_key);
  return pair;
}

Pattern pattern_of(const Vector& vector) {
  std::string name = vector.at("handshake").substr(6);
  name = name.substr(0, name.find('_'));
  auto pattern = find_pattern(name);
  REQUIRE(pattern);
  return *pattern;
}

HandshakeSetup setup_of(const Vector& vector, const Pattern& pattern, Role role) {
  bool initiator = role == Role::initiator;
  HandshakeSetup setup;
  setup.role = role;
  if (vector.contains("prologue")) setup.prologue = from_hex(vector.at("prologue"));
  if (vector.contains("preshared_key")) setup.psk = Secret32(hex<32>(vector.at("preshared_key")));
  const char *mine = initiator ? "init_static" : "resp_static", *theirs = initiator ? "resp_static" : "init_static";
  if (vector.contains(mine)) setup.local_static = key_pair(vector.at(mine));
  if (initiator ? pattern.responder_static_known : pattern.initiator_static_known) {
    setup.remote_static = key_pair(vector.at(theirs)).public_key;
  }
  return setup;
}

void check_transport(const Vector& vector, size_t index, CipherState& sender, CipherState& receiver) {
  std::string prefix = "msg_" + std::to_string(index);
  Bytes payload = from_hex(vector.at(prefix + "_payload")), sealed, opened;
  sender.encrypt(sealed, {}, payload);
  CHECK(to_hex(sealed) == vector.at(prefix + "_ciphertext"));
  REQUIRE(receiver.decrypt(opened, {}, sealed));
  CHECK(opened == payload);
}

void check_handshake_message(const Vector& vector, size_t index, HandshakeState& sender, HandshakeState& receiver) {
  std::string prefix = "msg_" + std::to_string(index);
  Bytes payload = from_hex(vector.at(prefix + "_payload"));
  auto message = sender.write_message(payload);
  REQUIRE(message);
  REQUIRE(to_hex(*message) == vector.at(prefix + "_ciphertext"));
  auto read = receiver.read_message(*message);
  REQUIRE(read);
  CHECK(*read == payload);
}

void check_agreement(const Vector& vector, HandshakeState& initiator, HandshakeState& responder) {
  REQUIRE(initiator.finished());
  REQUIRE(responder.finished());
  CHECK(initiator.handshake_hash() == responder.handshake_hash());
  CHECK(initiator.chaining_key() == responder.chaining_key());
  if (vector.contains("handshake_hash")) CHECK(to_hex(initiator.handshake_hash()) == vector.at("handshake_hash"));
}

// Who sends transport message number `index`, of `handshake_messages` + n? The collections differ.
using InitiatorSends = bool (*)(size_t index, size_t handshake_messages);
bool alternating_from_the_start(size_t index, size_t) {
  return index % 2 == 0;
}
bool alternating_from_the_handshake(size_t index, size_t begin) {
  return (index - begin) % 2 == 0;
}
bool always(size_t, size_t) {
  return true;
}

void check_transport_messages(const Vector& vector, const HandshakeState& initiator, const HandshakeState& responder,
                              size_t begin, InitiatorSends initiator_sends) {
  TransportKeys first = initiator.split(), second = responder.split();
  CipherState forth_out(first.initiator_to_responder), forth_in(second.initiator_to_responder);
  CipherState back_out(second.responder_to_initiator), back_in(first.responder_to_initiator);
  size_t index = begin;
  for (; vector.contains("msg_" + std::to_string(index) + "_payload"); ++index) {
    bool forth = initiator_sends(index, begin);
    check_transport(vector, index, forth ? forth_out : back_out, forth ? forth_in : back_in);
  }
  CHECK(index > begin);
}

Bytes ephemeral_of(const Vector& vector, const char* name) {
  return vector.contains(name) ? from_hex(vector.at(name)) : Bytes();
}

void check(const Vector& vector, InitiatorSends initiator_sends) {
  Pattern pattern = pattern_of(vector);
  FixedEntropy first(ephemeral_of(vector, "gen_init_ephemeral")), second(ephemeral_of(vector, "gen_resp_ephemeral"));
  HandshakeState initiator(pattern, setup_of(vector, pattern, Role::initiator), first);
  HandshakeState responder(pattern, setup_of(vector, pattern, Role::responder), second);
  for (size_t index = 0; index < pattern.message_count; ++index) {
    bool forth = index % 2 == 0;
    check_handshake_message(vector, index, forth ? initiator : responder, forth ? responder : initiator);
  }
  check_agreement(vector, initiator, responder);
  check_transport_messages(vector, initiator, responder, pattern.message_count, initiator_sends);
}

size_t check_file(const std::string& file, InitiatorSends initiator_sends) {
  std::vector<Vector> vectors = read_vectors(file);
  for (size_t i = 0; i < vectors.size(); ++i) {
    INFO(file << " number " << i + 1 << ": " << vectors[i].at("handshake"));
    check(vectors[i], initiator_sends);
  }
  return vectors.size();
}

}  // namespace

TEST_CASE("every pattern of our suite gives the messages of flynn/noise's vectors") {
  CHECK(check_file("noise_flynn.txt", alternating_from_the_handshake) == 240);
}

TEST_CASE("IKpsk2 and two others give the messages of cacophony's vectors") {
  CHECK(check_file("noise_cacophony.txt", alternating_from_the_start) == 3);
}

TEST_CASE("the handshake hash is that of noise-c's vector") {
  CHECK(check_file("noise_c.txt", always) == 1);
}
