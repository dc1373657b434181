// What a running node keeps of its key file: the file itself is read once, at start.
#pragma once

#include "keys/identity.hpp"
#include "keys/key_file.hpp"

namespace drawbridge {

struct NodeSecrets {
  Identity identity;
  Secret32 backup_key;
};

NodeSecrets secrets_of(const KeyFile& key);

}  // namespace drawbridge
