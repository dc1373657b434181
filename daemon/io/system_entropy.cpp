#include "daemon/io/system_entropy.hpp"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>

namespace drawbridge {

void SystemEntropy::fill(MutableBytes target) {
  while (!target.empty()) {
    ssize_t length = getrandom(target.data(), target.size(), 0);
    if (length < 0 && errno != EINTR) std::abort();
    if (length > 0) target = target.subspan(static_cast<size_t>(length));
  }
}

}  // namespace drawbridge
