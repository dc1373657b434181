#include "daemon/storage/node_secrets.hpp"

#include "keys/key_derivation.hpp"

namespace drawbridge {

NodeSecrets secrets_of(const KeyFile& key) {
  return {derive_identity(key.seed), derive_role_key(key.seed, KeyRole::backup, 0)};
}

}  // namespace drawbridge
