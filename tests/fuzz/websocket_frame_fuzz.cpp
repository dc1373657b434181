// Frames from strangers' WebSockets. The first byte says whether they come from a client.
#include "protocol/relay/websocket_frame.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace drawbridge;
using namespace drawbridge::relay;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  Bytes bytes(data + 1, data + size);
  bool masked = data[0] & 1;
  MutableBytes rest(bytes);
  Frame frame;
  FrameQueue queue(masked ? std::optional(std::array<uint8_t, 4>{1, 2, 3, 4}) : std::nullopt);
  size_t records = 0, kept = 0;
  while (read_frame(rest, masked, frame) == FrameRead::whole) {
    fuzz::require(frame.size <= rest.size() && frame.payload.size() <= frame.size, "a frame is a part of what was read");
    if (frame.opcode == Opcode::binary) {
      for_each_record(frame.payload, [&](MutableBytes datagram) {
        ++records;
        kept += queue.add(datagram);
      });
    }
    rest = rest.subspan(frame.size);
  }
  Bytes again = to_bytes(queue.unsent());
  rest = again;
  size_t read = 0;
  while (read_frame(rest, masked, frame) == FrameRead::whole) {
    fuzz::require(for_each_record(frame.payload, [&](MutableBytes) { ++read; }), "our own messages are whole");
    rest = rest.subspan(frame.size);
  }
  fuzz::require(read == kept && kept <= records && rest.empty(), "what was taken is written");
  return 0;
}

std::vector<Bytes> fuzz::samples() {
  Bytes client{1}, relay{0};
  for (Bytes* out : {&client, &relay}) {
    FrameQueue queue(out == &client ? std::optional(std::array<uint8_t, 4>{5, 6, 7, 8}) : std::nullopt);
    queue.add(Bytes(50, 1));
    queue.add(Bytes(300, 2));
    queue.add_control(Opcode::ping, {});
    append(*out, queue.unsent());
  }
  return {client, relay};
}
