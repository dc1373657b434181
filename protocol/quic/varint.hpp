// Variable-length integers of QUIC (RFC 9000 16).
#pragma once

#include <optional>

#include "keys/bytes.hpp"

namespace drawbridge::quic {

// Moves `at` behind the integer; nothing if the bytes end before it does.
inline std::optional<uint64_t> read_varint(ByteView bytes, size_t& at) {
  if (at >= bytes.size()) return std::nullopt;
  size_t size = size_t{1} << (bytes[at] >> 6);
  if (bytes.size() - at < size) return std::nullopt;
  uint64_t value = bytes[at] & 0x3f;
  for (size_t i = 1; i < size; ++i) value = value << 8 | bytes[at + i];
  at += size;
  return value;
}

// `value` is below 2^62. In the shortest form.
inline void append_varint(Bytes& out, uint64_t value) {
  int size_code = value < 1u << 6 ? 0 : value < 1u << 14 ? 1 : value < 1u << 30 ? 2 : 3;
  int shift = 8 * ((1 << size_code) - 1);
  out.push_back(static_cast<uint8_t>(size_code << 6 | value >> shift));
  while (shift > 0) {
    shift -= 8;
    out.push_back(static_cast<uint8_t>(value >> shift));
  }
}

}  // namespace drawbridge::quic
