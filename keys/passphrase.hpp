// What a passphrase becomes: a key, at a cost that makes guessing it slow. Argon2id, RFC 9106.
#pragma once

#include "keys/result.hpp"
#include "keys/secret.hpp"

namespace drawbridge {

constexpr size_t passphrase_salt_size = 16;

// Cost of guessing a passphrase; stored beside what it locks. The defaults take a fraction of a second and 64 MiB.
struct PassphraseCost {
  uint32_t passes = 3;
  uint32_t memory_kib = 64 * 1024;
};

// Whether a stored cost may be computed: a damaged or malicious one must not make us compute or allocate without bound.
bool cost_is_sane(const PassphraseCost& cost);

// `passphrase`: as UTF-8 in NFKD. `salt`: passphrase_salt_size bytes, drawn for this lock. The cost must be sane. `limit`: not
// enough memory.
Result<Secret32> stretch(ByteView passphrase, ByteView salt, const PassphraseCost& cost);

}  // namespace drawbridge
