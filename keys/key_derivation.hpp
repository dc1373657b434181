// Keys from the seed: SLIP-0010 for ed25519, which knows hardened derivation only.
#pragma once

#include "keys/hash.hpp"
#include "keys/identity.hpp"
#include "keys/seed_phrase.hpp"

namespace drawbridge {

struct DerivedKey {
  Secret32 key;
  Secret32 chain_code;
};

// `seed` has 16 to 64 bytes (asserted).
DerivedKey slip10_master(ByteView seed);
// The child at index', which is below 2^31 (asserted): index 5 gives 5', as the standard writes it.
DerivedKey slip10_child(const DerivedKey& parent, uint32_t index);
DerivedKey slip10_path(ByteView seed, std::initializer_list<uint32_t> path);

// What a key is for: the second step of m/7470'/role'/index'. Never renumber.
enum class KeyRole : uint32_t {
  node = 0,    // the device id and everything signed in its name
  backup = 1,  // seals backups, so that the 24 words open them
};

Secret32 derive_role_key(const Seed& seed, KeyRole role, uint32_t index);

// A node's identity is index 0; a later index would be a new identity from the same words.
Identity derive_identity(const Seed& seed, KeyRole role = KeyRole::node, uint32_t index = 0);

}  // namespace drawbridge
