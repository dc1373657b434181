#include "protocol/tunnel/flow_receiver.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace drawbridge;
using namespace drawbridge::tunnel;

namespace {

Bytes block(uint32_t number, const std::string& text) {
  auto header = encode(FrameHeader{FrameKind::block, static_cast<uint32_t>(text.size()), number});
  Bytes frame(header.size() + text.size());
  std::copy(header.begin(), header.end(), frame.begin());
  std::copy(text.begin(), text.end(), frame.begin() + header.size());
  return frame;
}

Bytes end(uint32_t number) {
  auto header = encode(FrameHeader{FrameKind::end, 0, number});
  return {header.begin(), header.end()};
}

struct Receiver {
  bool feed(quic::StreamId lane, ByteView bytes) { return flow.handle_bytes(lane, bytes); }
  std::string read() {
    std::string text;
    for (ByteView bytes = flow.readable(); !bytes.empty(); bytes = flow.readable()) {
      text += as_text(bytes);
      flow.consume(bytes.size());
    }
    return text;
  }
  ChunkPool pool;
  FlowReceiver flow{pool};
};

}  // namespace

TEST_CASE("blocks are read in their order, whichever lane brings them first") {
  Receiver r;
  CHECK(r.feed(6, block(1, "world")));
  CHECK(r.read().empty());
  CHECK(r.feed(10, block(2, "!")));
  CHECK(r.feed(4, block(0, "hello ")));
  CHECK(r.read() == "hello world!");
  CHECK_FALSE(r.flow.at_end());
  CHECK(r.feed(4, end(3)));
  CHECK(r.flow.at_end());
  CHECK(r.flow.received() == 12);
}

TEST_CASE("a block can be read while it arrives, byte by byte") {
  Receiver r;
  std::string text;
  for (uint8_t byte : block(0, "abc")) {
    CHECK(r.feed(4, ByteView(&byte, 1)));
    text += r.read();
  }
  CHECK(text == "abc");
}

TEST_CASE("an end waits for the blocks before it") {
  Receiver r;
  CHECK(r.feed(4, end(1)));
  CHECK_FALSE(r.flow.at_end());
  CHECK(r.feed(6, block(0, "x")));
  CHECK(r.read() == "x");
  CHECK(r.flow.at_end());
}

TEST_CASE("blocks without bytes, ends with some, other frames and bytes behind the end break the format") {
  Receiver r;
  SECTION("an empty block") { CHECK_FALSE(r.feed(4, block(0, ""))); }
  SECTION("an end with a payload") { CHECK_FALSE(r.feed(4, encode(FrameHeader{FrameKind::end, 1, 0}))); }
  SECTION("another kind") { CHECK_FALSE(r.feed(4, encode(FrameHeader{FrameKind::open, 1, 0}))); }
  SECTION("an unknown kind") { CHECK_FALSE(r.feed(4, encode(FrameHeader{static_cast<FrameKind>(0x7f), 1, 0}))); }
  SECTION("behind the end") {
    CHECK(r.feed(4, end(0)));
    CHECK_FALSE(r.feed(4, block(0, "x")));
  }
}

TEST_CASE("what was given up is gone, and later bytes are no error") {
  Receiver r;
  CHECK(r.feed(4, block(0, "abc")));
  r.flow.discard();
  CHECK(r.read().empty());
}
