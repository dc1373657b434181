// Entropy for tests: gives out the bytes it was made with, then ends the program, as nothing should draw more.
#pragma once

#include <algorithm>
#include <cstdlib>

#include "keys/entropy.hpp"

namespace drawbridge {

class FixedEntropy final : public Entropy {
 public:
  explicit FixedEntropy(Bytes bytes) : bytes_(std::move(bytes)) {}
  void fill(MutableBytes target) override {
    if (target.size() > bytes_.size() - drawn_) std::abort();
    std::copy_n(bytes_.begin() + static_cast<long>(drawn_), target.size(), target.begin());
    drawn_ += target.size();
  }
  size_t drawn() const { return drawn_; }

 private:
  Bytes bytes_;
  size_t drawn_ = 0;
};

}  // namespace drawbridge
