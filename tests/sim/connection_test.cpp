#include <catch2/catch.hpp>

#include "tests/sim/connection_pair.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

namespace {

// Both ends keep one stream full until `bytes` have gone each way.
struct Transfer {
  explicit Transfer(ConnectionPair& pair, uint64_t bytes, bool both = true) : pair(pair), bytes(bytes), both(both) {
    stream = *pair.device->open_stream(true);
    pair.on_turn = [this] { fill(); };
  }
  void fill() {
    pair.device_end.fill(stream, bytes);
    if (both && !pair.office_end.opened.empty()) pair.office_end.fill(stream, bytes);
  }
  bool complete() const {
    return pair.office_end.received[stream] == bytes && (!both || pair.device_end.received[stream] == bytes);
  }
  ConnectionPair& pair;
  uint64_t bytes;
  bool both;
  quic::StreamId stream = 0;
};

}  // namespace

TEST_CASE("a device and its office shake hands in two round trips at most") {
  ConnectionPair pair;
  REQUIRE(pair.handshake());
  CHECK(pair.now - Instant(Duration(std::chrono::hours(1))) <= 61ms);
  CHECK(pair.device_end.completed == 1);
  CHECK(pair.office_end.completed == 1);
  CHECK(pair.device->handshake_hash() == pair.office->handshake_hash());
}

TEST_CASE("streams arrive exactly in spite of loss, reordering, duplicates and corruption") {
  auto seed = GENERATE(range(1, 13));
  LinkOptions bad{.delay = 10ms, .bits_per_second = 50e6, .loss = 0.02, .duplicate = 0.03, .reorder = 0.05, .corrupt = 0.02};
  ConnectionPair pair({.seed = static_cast<uint64_t>(seed), .up = bad, .down = bad});
  CAPTURE(seed);
  REQUIRE(pair.handshake());
  Transfer transfer(pair, 2'000'000);
  REQUIRE(pair.run(60s, [&] { return transfer.complete(); }));
  CHECK(pair.device_end.intact);
  CHECK(pair.office_end.intact);
}

TEST_CASE("both packet protections carry a connection") {
  auto aead = GENERATE(AeadId::chacha20_poly1305, AeadId::aes_256_gcm);
  if (aead == AeadId::aes_256_gcm && !hardware_aes_available()) return;
  ConnectionPair pair({.aead = aead});
  REQUIRE(pair.handshake());
  Transfer transfer(pair, 1'000'000);
  REQUIRE(pair.run(20s, [&] { return transfer.complete(); }));
  CHECK(pair.office->aead() == aead);
}

TEST_CASE("a keystroke and its answer cost one packet each way") {
  ConnectionPair pair;
  REQUIRE(pair.handshake());
  quic::StreamId stream = *pair.device->open_stream(true);
  uint64_t strokes = 0;
  // The answer leaves as soon as the stroke has arrived, the next stroke as soon as its answer has.
  pair.on_turn = [&] {
    if (pair.office_end.received[stream] > pair.office->stream_written(stream)) pair.office_end.fill(stream, pair.office_end.received[stream]);
    if (pair.device_end.received[stream] == strokes) pair.device_end.fill(stream, ++strokes);
  };
  pair.run(1s);
  uint64_t packets = pair.up.counts.offered + pair.down.counts.offered, before = strokes;
  REQUIRE(pair.run(60s, [&] { return strokes >= before + 100; }));
  CHECK(pair.up.counts.offered + pair.down.counts.offered - packets <= 200 + 20);
}
