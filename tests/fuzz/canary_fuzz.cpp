// Fails on purpose for every input that begins with "can".
#include "tests/fuzz/fuzz_target.hpp"

using namespace drawbridge;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::require(size < 3 || data[0] != 'c' || data[1] != 'a' || data[2] != 'n', "the canary is asleep");
  return 0;
}

// Asleep as it stands: one of its damaged copies has to wake it.
std::vector<Bytes> fuzz::samples() {
  return {to_bytes(as_bytes("xcan"))};
}
