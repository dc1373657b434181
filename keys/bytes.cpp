#include "keys/bytes.hpp"

#include <sodium.h>

namespace drawbridge {

bool equal_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string to_hex(ByteView bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (uint8_t byte : bytes) {
    text.push_back(digits[byte >> 4]);
    text.push_back(digits[byte & 15]);
  }
  return text;
}

Bytes from_hex(std::string_view hex) {
  if (hex.size() < 2) return {};  // libsodium wants no null pointers
  Bytes bytes(hex.size() / 2);
  size_t length = 0;
  const char* end = nullptr;
  bool whole = sodium_hex2bin(bytes.data(), bytes.size(), hex.data(), hex.size(), nullptr, &length, &end) == 0 &&
               end == hex.data() + hex.size();
  if (!whole) return {};
  bytes.resize(length);
  return bytes;
}

}  // namespace drawbridge
