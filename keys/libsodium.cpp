#include "keys/libsodium.hpp"

#include <sodium.h>

namespace drawbridge {

bool start_libsodium() {
  static const bool started = sodium_init() >= 0;
  return started;
}

}  // namespace drawbridge
