// Handshake messages from strangers. The first byte says to whom: the office (message 1) or the device (message 2).
#include "protocol/noise/handshake_state.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace drawbridge;
using namespace drawbridge::noise;

namespace {

class CountingEntropy final : public Entropy {
 public:
  void fill(MutableBytes target) override {
    for (uint8_t& byte : target) byte = ++next_;
  }

 private:
  uint8_t next_ = 0;
};

Identity identity(uint8_t first) {
  Secret32 seed;
  seed.reveal_mutable()[0] = first;
  return identity_from_seed(seed);
}

// Both ends just before message 2 is written; the device's message 1 beside them.
struct Pair {
  CountingEntropy entropy;
  Pattern pattern = *find_pattern("IKpsk2");
  HandshakeState device{
      pattern, {Role::initiator, {1}, exchange_keys_of(identity(1)), identity(2).exchange_public, Secret32()}, entropy};
  HandshakeState office{pattern, {Role::responder, {1}, exchange_keys_of(identity(2)), {}, Secret32()}, entropy};
  Bytes first = device.write_message(as_bytes("hello")).take();
};

void feed(HandshakeState& reader, ByteView message) {
  Hash64 before = reader.handshake_hash();
  auto payload = reader.read_message(message);
  fuzz::require(payload.ok() != (reader.handshake_hash() == before),
                "a refused message changes nothing, a good one does");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  Pair pair;
  feed(data[0] % 2 == 0 ? pair.office : pair.device, {data + 1, size - 1});
  return 0;
}

std::vector<Bytes> fuzz::samples() {
  Pair pair;
  Bytes first{0}, second{1};
  append(first, pair.first);
  pair.office.read_message(pair.first).ok();
  append(second, pair.office.write_message(as_bytes("welcome")).take());
  return {first, second};
}
