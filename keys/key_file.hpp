// The file that holds a node's root secret. Bytes in, bytes out: whoever opens files reads and writes them elsewhere.
//
//   offset  size  field (integers big-endian)
//        0    16  "drawbridge key\n" and a zero byte
//       16     1  version: 1
//       17     1  lock: 0 none, 1 passphrase
//       18     1  language of the 24 words (keys/word_list.hpp)
//       19     1  reserved: 0
//       20     8  creation, milliseconds since the Unix epoch
//   without lock                          with passphrase
//       28    32  root entropy                28     4  Argon2id passes
//       60    64  seed                        32     4  Argon2id memory, KiB
//      124    32  BLAKE2b-256 of all before   36    16  Argon2id salt
//                                             52    24  XChaCha20-Poly1305 nonce
//                                             76   112  sealed (root entropy || seed), all before as associated data
//
// The seed is kept beside the entropy, as it may depend on a BIP-39 passphrase that is stored nowhere, and because
// computing it anew would cost each start some milliseconds.
#pragma once

#include <optional>

#include "keys/entropy.hpp"
#include "keys/passphrase.hpp"
#include "keys/seed_phrase.hpp"

namespace drawbridge {

struct KeyFile {
  Secret32 entropy;  // what the 24 words say
  Seed seed;         // what all keys derive from
  Language language = Language::english;
  int64_t created_unix_ms = 0;

  SeedPhrase phrase() const { return SeedPhrase(entropy.reveal(), language); }
};

// What can be said of a key file without its passphrase.
struct KeyFileSummary {
  bool locked = false;
  Language language = Language::english;
  int64_t created_unix_ms = 0;
};

SecretBytes encode_key_file(const KeyFile& file);
// `invalid_argument`: the passphrase is empty, not UTF-8 or too long. `limit`: not enough memory.
Result<SecretBytes> encode_locked_key_file(const KeyFile& file, std::string_view passphrase, Entropy& entropy,
                                           PassphraseCost cost = {});

// `malformed` with what is wrong: not a key file, of a newer version, cut short, damaged.
Result<KeyFileSummary> inspect_key_file(ByteView bytes);

// As inspect_key_file; `authentication` if the file is locked and the passphrase is absent or wrong, or the locked part
// is damaged (these two cannot be told apart); `limit` if there is not enough memory for the passphrase.
Result<KeyFile> parse_key_file(ByteView bytes, std::optional<std::string_view> passphrase = std::nullopt);

// Files longer than this are not key files; read no more.
constexpr size_t largest_key_file = 256;

// Whether a file of this mode (st_mode or its permission bits) is readable and writable by nobody but its owner, and
// executable by nobody: 0600 or tighter.
constexpr bool mode_is_private(uint32_t mode) {
  return (mode & 0177) == 0;
}

}  // namespace drawbridge
