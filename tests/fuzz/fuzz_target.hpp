// What a fuzz target provides.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "keys/bytes.hpp"

// Feeds one input; ends the process if something is wrong. Returns 0.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace drawbridge::fuzz {

// Valid inputs, from which damaged ones are made.
std::vector<Bytes> samples();

// A sample for a target whose first byte says what follows.
inline Bytes of_kind(uint8_t kind, ByteView rest) {
  Bytes input(1 + rest.size(), kind);
  std::copy(rest.begin(), rest.end(), input.begin() + 1);
  return input;
}

inline Bytes of_kind(uint8_t kind, std::string_view text) { return of_kind(kind, as_bytes(text)); }

// A property that must hold whatever the input; unlike assert it is there in every build.
inline void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", property);
  std::abort();
}

}  // namespace drawbridge::fuzz
