// Frames of the tunnel. The first byte says what follows: an OPEN (0), a REFUSE (1), a LANE (2), or the bytes of up to
// four lanes of one flow (3), in pieces: lane, length, bytes.
#include "protocol/base/limits.hpp"
#include "protocol/tunnel/flow_receiver.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace drawbridge;
using namespace drawbridge::tunnel;

namespace {

ByteView payload_of(const Bytes& frame) { return ByteView(frame).subspan(frame_header_size); }

uint64_t read_all(FlowReceiver& receiver) {
  uint64_t total = 0;
  for (ByteView bytes = receiver.readable(); !bytes.empty(); bytes = receiver.readable()) {
    size_t part = (bytes.size() + 1) / 2;
    receiver.consume(part);
    total += part;
  }
  return total;
}

void receive(ByteView script) {
  ChunkPool pool;
  FlowReceiver receiver(pool);
  uint64_t fed = 0, read = 0;
  while (script.size() >= 2) {
    size_t length = std::min<size_t>(script[1], script.size() - 2);
    fed += length;
    if (!receiver.handle_bytes(script[0] % limits::lanes, script.subspan(2, length))) break;
    if (script[0] & 0x80) read += read_all(receiver);
    script = script.subspan(2 + length);
  }
  read += read_all(receiver);
  fuzz::require(read == receiver.received() && read <= fed, "a flow gives no more than came");
  receiver.discard();
  fuzz::require(receiver.readable().empty(), "what was given up is gone");
}

void append_piece(Bytes& script, uint8_t lane, ByteView bytes) {
  script.push_back(lane);
  script.push_back(static_cast<uint8_t>(bytes.size()));
  append(script, bytes);
}

Bytes block(uint32_t number, size_t length) {
  auto header = encode(FrameHeader{FrameKind::block, static_cast<uint32_t>(length), number});
  Bytes frame(header.begin(), header.end());
  frame.resize(frame.size() + length, static_cast<uint8_t>(number));
  return frame;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  ByteView rest(data + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      if (auto service = parse_open(rest)) fuzz::require(equal(payload_of(encode_open(*service)), rest), "one OPEN has one encoding");
      return 0;
    case 1:
      if (auto refusal = parse_refuse(rest)) {
        fuzz::require(equal(payload_of(encode_refuse(refusal->reset, refusal->message)), rest), "one REFUSE has one encoding");
        fuzz::require(reset_name(refusal->reset) != nullptr, "every reason has a name");
      }
      return 0;
    case 2:
      if (auto stream = parse_lane(rest)) fuzz::require(equal(payload_of(encode_lane(*stream)), rest), "one LANE has one encoding");
      return 0;
    default: receive(rest);
  }
  return 0;
}

std::vector<Bytes> fuzz::samples() {
  Bytes script{3};
  append_piece(script, 0x00, block(0, 40));
  append_piece(script, 0x81, block(1, 90));
  append_piece(script, 0x02, ByteView(block(3, 30)).first(20));
  append_piece(script, 0x80, block(2, 8));
  append_piece(script, 0x82, ByteView(block(3, 30)).subspan(20));
  append_piece(script, 0x80, encode(FrameHeader{FrameKind::end, 0, 4}));
  return {of_kind(0, payload_of(encode_open("postgres-12"))), of_kind(1, payload_of(encode_refuse(FlowReset::target_refused, "Déjà"))),
          of_kind(2, payload_of(encode_lane(12))), script};
}
