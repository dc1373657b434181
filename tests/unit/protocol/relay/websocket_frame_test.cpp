// The WebSocket frames that relay and clients exchange.
#include "protocol/relay/websocket_frame.hpp"

#include <catch2/catch.hpp>

using namespace drawbridge;
using namespace drawbridge::relay;

namespace {

Bytes filled(size_t size, uint8_t value) {
  return Bytes(size, value);
}

std::vector<Bytes> read_all(Bytes bytes, bool masked) {
  std::vector<Bytes> out;
  MutableBytes rest(bytes);
  Frame frame;
  while (!rest.empty()) {
    REQUIRE(read_frame(rest, masked, frame) == FrameRead::whole);
    REQUIRE(for_each_record(frame.payload, [&](MutableBytes datagram) { out.push_back(to_bytes(datagram)); }));
    rest = rest.subspan(frame.size);
  }
  return out;
}

}  // namespace

TEST_CASE("datagrams of one flush travel in one message, masked or not") {
  bool masked = GENERATE(false, true);
  FrameQueue queue(masked ? std::optional(std::array<uint8_t, 4>{1, 2, 3, 4}) : std::nullopt);
  for (uint8_t i = 1; i <= 40; ++i) REQUIRE(queue.add(filled(1400 - i, i)));
  Bytes bytes = to_bytes(queue.unsent());
  CHECK((bytes[1] & 0x80) == (masked ? 0x80 : 0));
  auto read = read_all(bytes, masked);
  REQUIRE(read.size() == 40);
  for (uint8_t i = 1; i <= 40; ++i) CHECK(read[i - 1u] == filled(1400 - i, i));
  queue.sent(bytes.size());
  CHECK(queue.empty());
}

TEST_CASE("a short message says its length in one byte, as browsers insist") {
  for (std::optional<std::array<uint8_t, 4>> mask : {std::optional<std::array<uint8_t, 4>>(), std::optional(std::array<uint8_t, 4>{1, 2, 3, 4})}) {
    for (size_t payload : {size_t{1}, size_t{123}, size_t{124}, size_t{300}}) {
      FrameQueue queue(mask);
      REQUIRE(queue.add(Bytes(payload, 9)));
      REQUIRE(queue.add_control(Opcode::ping, Bytes(3, 1)));
      Bytes out = to_bytes(queue.unsent());
      size_t length = record_prefix + payload;
      CHECK((out[1] & 0x7f) == (length < 126 ? length : 126));
      Frame frame;
      REQUIRE(read_frame(out, mask.has_value(), frame) == FrameRead::whole);
      CHECK(frame.payload.size() == length);
      CHECK(frame.payload.back() == 9);
      REQUIRE(read_frame(MutableBytes(out).subspan(frame.size), mask.has_value(), frame) == FrameRead::whole);
      CHECK(frame.opcode == Opcode::ping);
    }
  }
}

TEST_CASE("what a slow reader has not taken is bounded, and what is above is dropped") {
  FrameQueue queue;
  size_t taken = 0;
  for (int i = 0; i < 1000; ++i) taken += queue.add(filled(1200, 1));
  CHECK(taken * 1202 < limits::relay_unsent_bytes);
  CHECK(taken * 1202 > limits::relay_unsent_bytes - 4096);
  // Whoever takes a little at a time never makes it grow.
  for (int i = 0; i < 2000; ++i) {
    queue.add(filled(1200, 2));
    REQUIRE(queue.unsent().size() <= limits::relay_unsent_bytes);
    queue.sent(600);
  }
}

TEST_CASE("a frame that is cut anywhere is partial, never wrong") {
  FrameQueue queue(std::array<uint8_t, 4>{9, 8, 7, 6});
  queue.add(filled(300, 5));
  Bytes bytes = to_bytes(queue.unsent());
  Frame frame;
  for (size_t length = 0; length < bytes.size(); ++length) {
    Bytes cut(bytes.begin(), bytes.begin() + static_cast<long>(length));
    CHECK(read_frame(cut, true, frame) == FrameRead::partial);
  }
}

TEST_CASE("text, fragments, reserved bits, wrong masks and over-long frames are refused") {
  Frame frame;
  for (Bytes wrong : {Bytes{0x81, 0x00}, Bytes{0x02, 0x00}, Bytes{0x80, 0x00}, Bytes{0xc2, 0x00}, Bytes{0x82, 0x80}, Bytes{0x89, 0x7e, 0, 200},
                      Bytes{0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 1}, Bytes{0x82, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}})
    CHECK(read_frame(wrong, false, frame) == FrameRead::refused);
  Bytes unmasked{0x82, 0x00};
  CHECK(read_frame(unmasked, true, frame) == FrameRead::refused);
}

TEST_CASE("a record that is longer than its message is found") {
  Bytes message{0, 3, 1, 2};
  CHECK_FALSE(for_each_record(message, [](MutableBytes) { FAIL("it is cut off"); }));
}

TEST_CASE("masking twice gives back what was there, at every length") {
  for (size_t size = 0; size < 40; ++size) {
    Bytes bytes(size);
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(i);
    Bytes masked = bytes;
    apply_mask(masked, {1, 2, 3, 4});
    for (size_t i = 0; i < size; ++i) CHECK(masked[i] == (bytes[i] ^ (1 + i % 4)));
    apply_mask(masked, {1, 2, 3, 4});
    CHECK(masked == bytes);
  }
}
