// Byte sequences as values: views, owned buffers, and the few operations that every layer needs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace drawbridge {

using ByteView = std::span<const uint8_t>;     // borrowed: valid only as long as its owner
using MutableBytes = std::span<uint8_t>;       // borrowed, to be written into
using Bytes = std::vector<uint8_t>;            // owned

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes to_bytes(ByteView bytes) { return {bytes.begin(), bytes.end()}; }
inline std::string to_string(ByteView bytes) { return std::string(as_text(bytes)); }
inline void append(Bytes& target, ByteView source) { target.insert(target.end(), source.begin(), source.end()); }

// Plain comparison, for public values only. Secrets and tags are compared with equal_constant_time.
inline bool equal(ByteView a, ByteView b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

// Time depends on the lengths only. The lengths are not secret.
bool equal_constant_time(ByteView a, ByteView b);

// Lower-case hexadecimal. `from_hex` gives an empty result for odd lengths or other characters.
std::string to_hex(ByteView bytes);
Bytes from_hex(std::string_view hex);

}  // namespace drawbridge
