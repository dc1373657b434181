// Frames on the streams of a connection: docs/spec/tunnel.md. Every frame has a header of 8 bytes: kind, 24 bits of
// payload length, 32 bits of argument, big-endian.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "keys/bytes.hpp"
#include "protocol/flow.hpp"

namespace drawbridge::tunnel {

enum class FrameKind : uint8_t {
  open = 0x01,     // device, first on a flow's stream: payload [service]
  accept = 0x02,   // office, first on the way back: the target is connected
  refuse = 0x03,   // office, instead: payload [reset code, text]; nothing follows
  lane = 0x04,     // first on a unidirectional stream: payload 8 bytes, the flow's stream id
  block = 0x10,    // bytes of the flow; argument: number of the block in its direction, counted from 0 modulo 2^32
  end = 0x11,      // no more bytes in this direction; argument: number behind the last block
  message = 0x20,  // on the control stream: one control message
};

inline constexpr size_t frame_header_size = 8;
inline constexpr size_t frame_payload_max = (1u << 24) - 1;

struct FrameHeader {
  FrameKind kind{};
  uint32_t length = 0;
  uint32_t argument = 0;
};

inline std::array<uint8_t, frame_header_size> encode(const FrameHeader& h) {
  return {uint8_t(h.kind),          uint8_t(h.length >> 16),   uint8_t(h.length >> 8),   uint8_t(h.length),
          uint8_t(h.argument >> 24), uint8_t(h.argument >> 16), uint8_t(h.argument >> 8), uint8_t(h.argument)};
}
// `bytes` has frame_header_size bytes. The kind may be none of the above.
inline FrameHeader decode_header(ByteView b) {
  return {static_cast<FrameKind>(b[0]), uint32_t(b[1]) << 16 | uint32_t(b[2]) << 8 | b[3],
          uint32_t(b[4]) << 24 | uint32_t(b[5]) << 16 | uint32_t(b[6]) << 8 | b[7]};
}

// Frame with its payload.
Bytes encode_open(const std::string& service);
Bytes encode_accept();
Bytes encode_refuse(FlowReset reset, const std::string& message);
Bytes encode_lane(uint64_t flow_stream);

std::optional<std::string> parse_open(ByteView payload);
struct Refusal {
  FlowReset reset{};
  std::string message;
};
std::optional<Refusal> parse_refuse(ByteView payload);
std::optional<uint64_t> parse_lane(ByteView payload);

// Names of services: [a-z0-9-], 1 to 32, no '-' at the ends.
bool is_service_name(std::string_view name);

}  // namespace drawbridge::tunnel
