// Runs a fuzz target without libFuzzer: its samples, what libFuzzer has found worth keeping, random bytes, and the first two
// damaged in the usual ways.
//   fuzz_smoke_NAME [COUNT [SEED]]      fuzz_smoke_NAME --samples FOLDER   writes the samples as libFuzzer's corpus
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "keys/libsodium.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace drawbridge;

namespace {

using Random = std::mt19937_64;

size_t below(Random& random, size_t bound) {
  return bound == 0 ? 0 : random() % bound;
}

Bytes random_bytes(Random& random, size_t most) {
  Bytes bytes(below(random, most + 1));
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

void damage(Random& random, Bytes& bytes) {
  size_t at = below(random, bytes.size());
  switch (below(random, 6)) {
    case 0:
      if (!bytes.empty()) bytes[at] ^= static_cast<uint8_t>(1 << below(random, 8));
      break;
    case 1:
      if (!bytes.empty()) bytes[at] = static_cast<uint8_t>(random());
      break;
    case 2:
      bytes.resize(at);
      break;
    case 3:
      append(bytes, random_bytes(random, 40));
      break;
    case 4:
      bytes.insert(bytes.begin() + static_cast<long>(at), static_cast<uint8_t>(random()));
      break;
    case 5:
      if (!bytes.empty()) bytes.erase(bytes.begin() + static_cast<long>(at));
      break;
  }
}

Bytes next_input(Random& random, const std::vector<Bytes>& samples) {
  if (samples.empty() || below(random, 4) == 0) return random_bytes(random, 600);
  Bytes bytes = samples[below(random, samples.size())];
  for (size_t wounds = 1 + below(random, 4); wounds > 0; --wounds) damage(random, bytes);
  return bytes;
}

const Bytes* present_input = nullptr;

// A failed property or assertion aborts; whoever reads of it wants the input.
void show_input(int) {
  if (present_input) std::fprintf(stderr, "input: %s\n", to_hex(*present_input).c_str());
}

void feed(const Bytes& input) {
  present_input = &input;
  LLVMFuzzerTestOneInput(input.data(), input.size());
  present_input = nullptr;
}

// tests/fuzz/corpus/NAME, in an order that does not depend on the disk.
std::vector<Bytes> kept_inputs() {
  std::vector<std::filesystem::path> files;
  if (std::filesystem::is_directory(DRAWBRIDGE_FUZZ_CORPUS)) {
    for (const auto& entry : std::filesystem::directory_iterator(DRAWBRIDGE_FUZZ_CORPUS)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Bytes> inputs;
  for (const auto& path : files) {
    std::ifstream file(path, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

int write_samples(const std::string& folder) {
  size_t number = 0;
  for (const Bytes& sample : fuzz::samples()) {
    std::ofstream file(folder + "/sample-" + std::to_string(number++), std::ios::binary);
    file.write(reinterpret_cast<const char*>(sample.data()), static_cast<std::streamsize>(sample.size()));
    if (!file) return 1;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  start_libsodium();
  std::signal(SIGABRT, show_input);
  if (argc == 3 && std::string(argv[1]) == "--samples") return write_samples(argv[2]);
  size_t count = argc > 1 ? std::stoul(argv[1]) : 1000;
  uint64_t seed = argc > 2 ? std::stoull(argv[2]) : 1;
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  Random random(seed);
  std::vector<Bytes> samples = fuzz::samples();
  for (Bytes& kept : kept_inputs()) samples.push_back(std::move(kept));
  for (const Bytes& sample : samples) feed(sample);
  for (size_t i = 0; i < count; ++i) feed(next_input(random, samples));
  std::printf("%zu inputs\n", samples.size() + count);
}
