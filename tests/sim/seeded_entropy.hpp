// Entropy and chance from one seed, so that a run can be repeated exactly.
#pragma once

#include <random>

#include "keys/entropy.hpp"

namespace drawbridge::sim {

class SeededEntropy final : public Entropy {
 public:
  explicit SeededEntropy(uint64_t seed) : generator_(seed) {}
  void fill(MutableBytes target) override {
    for (uint8_t& byte : target) byte = static_cast<uint8_t>(generator_());
  }

 private:
  std::mt19937_64 generator_;
};

class Chance {
 public:
  explicit Chance(uint64_t seed) : generator_(seed) {}
  bool happens(double probability) { return probability > 0 && real_(generator_) < probability; }
  uint64_t below(uint64_t bound) { return bound ? generator_() % bound : 0; }
  double real() { return real_(generator_); }

 private:
  std::mt19937_64 generator_;
  std::uniform_real_distribution<double> real_{0, 1};
};

}  // namespace drawbridge::sim
