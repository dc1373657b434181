// One end of Noise handshakes for tests/web/noise_oracle_test.mjs, with protocol/noise. Reads lines of hex digits, one handshake
// after another: the role, prologue, own private and other's public key (the responder's: "-"), psk, own ephemeral; then the
// other's message and the payload of this end's. Writes: this end's message, the payload that it read, hash and split keys.
#include <sodium.h>

#include <algorithm>
#include <iostream>

#include "keys/libsodium.hpp"
#include "protocol/noise/handshake_state.hpp"

using namespace drawbridge;

namespace {

class GivenEntropy final : public Entropy {
 public:
  explicit GivenEntropy(Bytes bytes) : bytes_(std::move(bytes)) {}
  void fill(MutableBytes target) override { std::ranges::copy(ByteView(bytes_).first(target.size()), target.begin()); }

 private:
  Bytes bytes_;
};

Bytes line() {
  std::string digits;
  std::getline(std::cin, digits);
  Bytes out(digits.size() / 2);
  sodium_hex2bin(out.data(), out.size(), digits.data(), digits.size(), nullptr, nullptr, nullptr);
  return out;
}

void say(ByteView bytes) { std::cout << to_hex(bytes) << '\n' << std::flush; }

// A refused handshake is told, and the next one goes on.
bool refused(const auto& result) {
  if (!result) std::cout << "refused\n" << std::flush;
  return !result;
}

void handshake(bool initiator) {
  noise::HandshakeSetup setup;
  setup.role = initiator ? noise::Role::initiator : noise::Role::responder;
  setup.prologue = line();
  noise::KeyPair own{Secret32(ByteView(line()).first<32>()), {}};
  crypto_scalarmult_base(own.public_key.data(), own.private_key.reveal().data());
  setup.local_static = own;
  Bytes remote = line();
  if (initiator) std::ranges::copy(remote, setup.remote_static.emplace().begin());
  setup.psk = Secret32(ByteView(line()).first<32>());
  GivenEntropy entropy(line());
  noise::HandshakeState state(*noise::find_pattern("IKpsk2"), setup, entropy);
  Bytes payload = line();
  if (initiator) say(*state.write_message(payload));
  auto read = state.read_message(line());
  if (refused(read)) return;
  say(*read);
  if (!initiator) say(*state.write_message(payload));
  say(state.handshake_hash());
  say(state.split().initiator_to_responder.reveal());
  say(state.split().responder_to_initiator.reveal());
}

}  // namespace

int main() {
  if (!start_libsodium()) return 1;
  for (std::string role; std::getline(std::cin, role);) handshake(role == "initiator");
}
