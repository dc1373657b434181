// Entropy is an argument, never a global: production hands in the system's generator, the simulator a seeded one.
#pragma once

#include "keys/secret.hpp"

namespace drawbridge {

class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual void fill(MutableBytes target) = 0;

  Secret32 secret32() {
    Secret32 secret;
    fill(secret.reveal_mutable());
    return secret;
  }
  uint64_t u64() {
    uint64_t value = 0;
    fill({reinterpret_cast<uint8_t*>(&value), sizeof value});
    return value;
  }
};

}  // namespace drawbridge
