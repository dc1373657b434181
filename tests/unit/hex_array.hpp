// Constants of published vectors, as arrays. A mistyped one ends the test program.
#pragma once

#include <algorithm>
#include <cstdlib>

#include "keys/bytes.hpp"

namespace drawbridge {

template <size_t N>
std::array<uint8_t, N> hex(std::string_view text) {
  Bytes bytes = from_hex(text);
  if (bytes.size() != N) std::abort();
  std::array<uint8_t, N> array{};
  std::copy(bytes.begin(), bytes.end(), array.begin());
  return array;
}

}  // namespace drawbridge
