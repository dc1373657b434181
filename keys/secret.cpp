#include "keys/secret.hpp"

#include <sodium.h>

namespace drawbridge {

void wipe(MutableBytes bytes) {
  sodium_memzero(bytes.data(), bytes.size());
}

}  // namespace drawbridge
