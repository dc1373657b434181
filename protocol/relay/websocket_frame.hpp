// WebSocket (RFC 6455) as the relay uses it: unfragmented binary messages that hold records, and control frames.
// Without IO. docs/spec/relay.md, WebSocket.
#pragma once

#include <optional>

#include "keys/bytes.hpp"
#include "protocol/base/limits.hpp"

namespace drawbridge::relay {

enum class Opcode : uint8_t { binary = 2, close = 8, ping = 9, pong = 10 };

inline constexpr size_t frame_header_longest = 14;
inline constexpr size_t frame_longest = limits::relay_frame_bytes + frame_header_longest;
inline constexpr size_t record_prefix = 2;

struct Frame {
  Opcode opcode = Opcode::binary;
  MutableBytes payload;  // unmasked, a part of what was read
  size_t size = 0;       // of the whole frame
};

enum class FrameRead : uint8_t { whole, partial, refused };
// The frame at the beginning of `bytes`; its payload is unmasked in place (`whole` only: call once for each).
// `refused`: not what our clients and relays send: text, fragments, reserved bits, over-long, or a mask that is missing
// (`masked`: what clients send) or too much. The connection is then to be ended.
FrameRead read_frame(MutableBytes bytes, bool masked, Frame& frame);

// XOR with the four bytes of `mask`, repeated.
void apply_mask(MutableBytes bytes, std::array<uint8_t, 4> mask);

// Calls `each` with every datagram in a binary message; false if the last one is cut off.
template <typename Each>
bool for_each_record(MutableBytes message, Each each) {
  while (message.size() >= record_prefix) {
    size_t length = size_t{message[0]} << 8 | message[1];
    if (length > message.size() - record_prefix) return false;
    each(message.subspan(record_prefix, length));
    message = message.subspan(record_prefix + length);
  }
  return message.empty();
}

// Bytes on their way out: frames that are closed, and one that still takes records. Holds at most
// limits::relay_unsent_bytes that have not been taken; what is above is refused, never kept.
class FrameQueue {
 public:
  // `mask`: for frames of a client; all zeros inside TLS, where nobody could be led astray by them.
  explicit FrameQueue(std::optional<std::array<uint8_t, 4>> mask = {}) : mask_(mask) {}

  // False: full, the datagram is dropped. Empty datagrams and those above 64 KiB are refused, too.
  bool add(ByteView datagram);
  bool add_control(Opcode opcode, ByteView payload);
  // Bytes as they are, not a frame: what precedes the first (an HTTP head).
  void add_raw(ByteView bytes);

  // What is to be written now; closes the open frame.
  ByteView unsent();
  void sent(size_t count);
  bool empty() const { return bytes_.empty(); }

 private:
  void close_frame();
  static constexpr size_t none = SIZE_MAX;

  std::optional<std::array<uint8_t, 4>> mask_;
  Bytes bytes_;
  size_t sent_ = 0;
  size_t frame_ = none;  // where the open frame's header begins
};

}  // namespace drawbridge::relay
