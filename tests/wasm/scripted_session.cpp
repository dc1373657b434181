// One scripted session between a device's connection and an office's, on a virtual clock: prints a hash over every packet
// of both. The native build and the WebAssembly build must print the same line: it is the very same protocol.
#include <cinttypes>
#include <cstdio>

#include "tests/sim/connection_pair.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

int main() {
  ConnectionPair pair({.seed = 20, .up = {.delay = 7ms, .bits_per_second = 40e6}, .down = {.delay = 9ms, .bits_per_second = 40e6}});
  if (!pair.handshake()) return 1;
  quic::StreamId stream = *pair.device->open_stream(true);
  constexpr uint64_t bytes = 3'000'000;
  pair.on_turn = [&] {
    pair.device_end.fill(stream, bytes);
    if (!pair.office_end.opened.empty()) pair.office_end.fill(stream, bytes);
  };
  bool complete = pair.run(30s, [&] { return pair.office_end.received[stream] == bytes && pair.device_end.received[stream] == bytes; });
  // A path that is dead for an hour in the middle of it, and what follows.
  pair.kill_link(true);
  pair.run(std::chrono::hours(1));
  pair.kill_link(false);
  pair.device->handle_path_answer(pair.now);
  pair.office->handle_path_answer(pair.now);
  pair.run(2s);
  if (!complete || !pair.office_end.intact || !pair.device_end.intact) return 1;
  std::printf("%016" PRIx64 " %" PRIu64 " packets\n", pair.hash, pair.up.counts.offered + pair.down.counts.offered);
  return 0;
}
