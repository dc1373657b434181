#include "keys/passphrase.hpp"

#include <sodium.h>

namespace drawbridge {
namespace {

constexpr uint32_t most_passes = 16, least_memory_kib = 8, most_memory_kib = 1024 * 1024;
static_assert(passphrase_salt_size == crypto_pwhash_argon2id_SALTBYTES);

}  // namespace

bool cost_is_sane(const PassphraseCost& cost) {
  return cost.passes >= 1 && cost.passes <= most_passes && cost.memory_kib >= least_memory_kib &&
         cost.memory_kib <= most_memory_kib;
}

Result<Secret32> stretch(ByteView passphrase, ByteView salt, const PassphraseCost& cost) {
  Secret32 key;
  bool done =
      crypto_pwhash_argon2id(key.reveal_mutable().data(), Secret32::size,
                             reinterpret_cast<const char*>(passphrase.data()), passphrase.size(), salt.data(),
                             cost.passes, size_t{cost.memory_kib} * 1024, crypto_pwhash_argon2id_ALG_ARGON2ID13) == 0;
  if (!done) {
    return Error{ErrorCode::limit, "There is not enough memory to try the passphrase.",
                 "Free " + std::to_string(cost.memory_kib / 1024 + 1) + " MiB and try again."};
  }
  return key;
}

}  // namespace drawbridge
