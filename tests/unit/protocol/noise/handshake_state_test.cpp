#include "protocol/noise/handshake_state.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/fixed_entropy.hpp"

using namespace drawbridge;
using namespace drawbridge::noise;

namespace {

Identity identity(uint8_t first) {
  Secret32 seed;
  seed.reveal_mutable()[0] = first;
  return identity_from_seed(seed);
}
Bytes filled(uint8_t byte) {
  return Bytes(32, byte);
}
Secret32 secret(uint8_t byte) {
  return Secret32(std::span<const uint8_t, 32>(filled(byte).data(), 32));
}

// An office and a device that are about to shake hands; both know all they should.
struct Pair {
  Identity device = identity(1), office = identity(2);
  Bytes prologue = to_bytes(as_bytes("drawbridge/1"));
  FixedEntropy device_entropy{filled(11)}, office_entropy{filled(12)};
  HandshakeState initiator, responder;

  explicit Pair(const char* pattern = "IKpsk2")
      : initiator(*find_pattern(pattern), initiator_setup(), device_entropy),
        responder(*find_pattern(pattern), responder_setup(), office_entropy) {}

  HandshakeSetup initiator_setup() {
    return {Role::initiator, prologue, exchange_keys_of(device), office.exchange_public, secret(5)};
  }
  HandshakeSetup responder_setup() {
    return {Role::responder, prologue, exchange_keys_of(office), std::nullopt, secret(5)};
  }
  HandshakeState responder_with(HandshakeSetup setup) { return {*find_pattern("IKpsk2"), setup, office_entropy}; }
  Bytes first_message(std::string_view payload = "hello") { return initiator.write_message(as_bytes(payload)).take(); }
};

ErrorCode refusal(const Result<Bytes>& result) {
  REQUIRE_FALSE(result.ok());
  return result.error().code;
}

}  // namespace

TEST_CASE("office and device agree after two messages, and the office knows the device's static key after one") {
  Pair pair;
  Bytes first = pair.first_message("hello");
  CHECK(first.size() == 32 + 32 + 16 + 5 + 16);
  CHECK(pair.responder.read_message(first).value() == to_bytes(as_bytes("hello")));
  CHECK(pair.responder.remote_static() == pair.device.exchange_public);
  CHECK_FALSE(pair.responder.finished());

  Bytes second = pair.responder.write_message(as_bytes("welcome")).take();
  CHECK(pair.initiator.read_message(second).value() == to_bytes(as_bytes("welcome")));
  CHECK(pair.initiator.finished());
  CHECK(pair.responder.finished());
  CHECK(pair.initiator.handshake_hash() == pair.responder.handshake_hash());
  CHECK(pair.initiator.chaining_key() == pair.responder.chaining_key());
  CHECK(pair.initiator.split().initiator_to_responder == pair.responder.split().initiator_to_responder);
  CHECK_FALSE(pair.initiator.split().initiator_to_responder == pair.initiator.split().responder_to_initiator);
}

TEST_CASE("a message with any bit changed is refused, and the good one is accepted afterwards") {
  Pair pair;
  const Bytes first = pair.first_message();
  for (size_t bit = 0; bit < first.size() * 8; ++bit) {
    // X25519 ignores the highest bit of a public key, but the transcript does not.
    Bytes changed = first;
    changed[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    REQUIRE(refusal(pair.responder.read_message(changed)) == ErrorCode::authentication);
  }
  REQUIRE(pair.responder.read_message(first).ok());
  const Bytes second = pair.responder.write_message({}).take();
  for (size_t bit = 0; bit < second.size() * 8; ++bit) {
    Bytes changed = second;
    changed[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    REQUIRE(refusal(pair.initiator.read_message(changed)) == ErrorCode::authentication);
  }
  CHECK(pair.initiator.read_message(second).ok());
  CHECK(pair.initiator.handshake_hash() == pair.responder.handshake_hash());
}

TEST_CASE("truncated, empty and overlong messages are refused as malformed or unauthentic") {
  Pair pair;
  const Bytes first = pair.first_message();
  for (size_t size = 0; size < first.size(); ++size) {
    auto read = pair.responder.read_message(ByteView(first).first(size));
    REQUIRE_FALSE(read.ok());
    if (size < 32 + 48 + 16) REQUIRE(read.error().code == ErrorCode::malformed);
  }
  CHECK(refusal(pair.responder.read_message(Bytes(max_message_size + 1))) == ErrorCode::malformed);
  CHECK(pair.responder.read_message(first).ok());
}

TEST_CASE("a message for another office, or under another prologue, is refused") {
  Pair pair;
  const Bytes first = pair.first_message();
  HandshakeSetup setup = pair.responder_setup();
  setup.local_static = exchange_keys_of(identity(3));
  CHECK(refusal(pair.responder_with(setup).read_message(first)) == ErrorCode::authentication);
  setup = pair.responder_setup();
  setup.prologue.push_back(0);
  CHECK(refusal(pair.responder_with(setup).read_message(first)) == ErrorCode::authentication);
}

TEST_CASE("with another pre-shared key the second message is refused") {
  Pair pair;
  HandshakeSetup setup = pair.responder_setup();
  setup.psk = secret(6);
  HandshakeState responder = pair.responder_with(setup);
  REQUIRE(responder.read_message(pair.first_message()).ok());
  Bytes second = responder.write_message({}).take();
  CHECK(refusal(pair.initiator.read_message(second)) == ErrorCode::authentication);
}

TEST_CASE("the pre-shared key may come after message 1 has told who calls") {
  Pair pair;
  HandshakeSetup setup = pair.responder_setup();
  setup.psk.reset();
  HandshakeState responder = pair.responder_with(setup);
  REQUIRE(responder.read_message(pair.first_message()).ok());
  CHECK(refusal(responder.write_message({})) == ErrorCode::state);
  responder.set_psk(secret(5));
  CHECK(pair.initiator.read_message(responder.write_message({}).take()).ok());
}

TEST_CASE("calls out of turn are refused and change nothing") {
  Pair pair;
  CHECK(refusal(pair.responder.write_message({})) == ErrorCode::state);
  CHECK(refusal(pair.initiator.read_message(Bytes(96))) == ErrorCode::state);
  Bytes first = pair.first_message();
  CHECK(refusal(pair.initiator.write_message({})) == ErrorCode::state);
  REQUIRE(pair.responder.read_message(first).ok());
  REQUIRE(pair.initiator.read_message(pair.responder.write_message({}).take()).ok());
  CHECK(refusal(pair.initiator.write_message({})) == ErrorCode::state);
  CHECK(refusal(pair.responder.read_message(first)) == ErrorCode::state);
}

TEST_CASE("a message reflected to its sender is refused") {
  Pair pair;
  Bytes first = pair.first_message();
  CHECK(refusal(pair.initiator.read_message(first)) == ErrorCode::authentication);
}

TEST_CASE("an ephemeral key of small order is refused by whichever side meets it") {
  Pair pair;
  Bytes first = pair.first_message();
  std::fill_n(first.begin(), 32, 0);
  CHECK(refusal(pair.responder.read_message(first)) == ErrorCode::authentication);

  Pair plain("NN");
  Bytes opening = plain.first_message("");
  std::fill_n(opening.begin(), 32, 0);
  REQUIRE(plain.responder.read_message(opening).ok());  // nothing is computed yet
  CHECK(refusal(plain.responder.write_message({})) == ErrorCode::authentication);
}

TEST_CASE("payloads up to the protocol's limit pass, longer ones are refused before anything is spent") {
  Pair pair;
  size_t overhead = 32 + 48 + 16;
  CHECK(refusal(pair.initiator.write_message(Bytes(max_message_size - overhead + 1))) == ErrorCode::limit);
  CHECK(refusal(pair.initiator.write_message(Bytes(1 << 20))) == ErrorCode::limit);
  Bytes first = pair.initiator.write_message(Bytes(max_message_size - overhead, 7)).take();
  CHECK(first.size() == max_message_size);
  CHECK(pair.responder.read_message(first).value() == Bytes(max_message_size - overhead, 7));
  CHECK(pair.device_entropy.drawn() == 32);
}

TEST_CASE("patterns are found by name only if they exist") {
  CHECK(find_pattern("IKpsk2"));
  CHECK(find_pattern("XX"));
  CHECK_FALSE(find_pattern("XX").value().has_psk());
  CHECK(find_pattern("NNpsk0").value().has_psk());
  for (const char* name : {"", "ik", "IKpsk", "IKpsk3", "IKpsk22", "XXpsk4", "psk0", "IKpsk0+psk2"}) {
    INFO(name);
    CHECK_FALSE(find_pattern(name));
  }
}
