// Key files, with the passphrase's cost and the checksum put right so that the parser behind them is reached.
#include <algorithm>

#include "keys/hash.hpp"
#include "keys/key_file.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace drawbridge;

namespace {

class CountingEntropy final : public Entropy {
 public:
  void fill(MutableBytes target) override {
    for (uint8_t& byte : target) byte = next_++;
  }

 private:
  uint8_t next_ = 0;
};

void put_right(Bytes& file) {
  constexpr std::array<uint8_t, 8> cheapest{0, 0, 0, 1, 0, 0, 0, 8};
  if (file.size() == 188) std::ranges::copy(cheapest, file.begin() + 28);
  if (file.size() == 156) std::ranges::copy(blake2b_256({ByteView(file).first(124)}), file.begin() + 124);
}

void check(ByteView bytes) {
  auto file = parse_key_file(bytes, "passphrase");
  fuzz::require(inspect_key_file(bytes).ok() || !file.ok(), "what cannot be inspected cannot be read");
  if (file && bytes.size() == 156) {
    fuzz::require(equal(encode_key_file(*file).reveal(), bytes), "a key file that was read is written the same");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Bytes bytes(data, data + size);
  inspect_key_file(bytes).ok();
  put_right(bytes);
  check(bytes);
  return 0;
}

std::vector<Bytes> fuzz::samples() {
  KeyFile file;
  file.created_unix_ms = 1760000000000;
  CountingEntropy entropy;
  return {to_bytes(encode_key_file(file).reveal()),
          to_bytes(encode_locked_key_file(file, "passphrase", entropy, {1, 8})->reveal())};
}
