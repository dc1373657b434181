// The operating system's random generator.
#pragma once

#include "keys/entropy.hpp"

namespace drawbridge {

// getrandom(2). Safe from any thread. A machine that cannot give random bytes ends the process.
class SystemEntropy : public Entropy {
 public:
  void fill(MutableBytes target) override;
};

}  // namespace drawbridge
