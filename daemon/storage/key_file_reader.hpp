// Reads the node's key file and refuses one that others could have read or put there.
#pragma once

#include <string>

#include "keys/key_file.hpp"
#include "keys/result.hpp"

namespace drawbridge {

// Where the key and its passphrase come from.
struct KeySource {
  std::string file;
  std::string passphrase_file;  // empty: the key has none
  bool credential = false;      // handed in by systemd, which has checked owner and mode itself
};

// $CREDENTIALS_DIRECTORY/drawbridge-key and drawbridge-passphrase (systemd's LoadCredential=) where they exist; else
// what is given.
KeySource find_key(const std::string& key_file, const std::string& passphrase_file);

// `not_found`: no such file. `not_allowed`: open to others, of another owner, or no regular file. `malformed`: damaged.
// `authentication`: the passphrase is missing or wrong. Each with what to do.
Result<KeyFile> read_key(const KeySource& source);

// Whether the key file has a passphrase. Errors as read_key.
Result<bool> has_passphrase(const KeySource& source);

// Whether the key is locked and the source names no passphrase: somebody has to be asked. Errors as read_key.
Result<bool> wants_passphrase(const KeySource& source);
// read_key with a passphrase that somebody typed; `authentication` if it is wrong.
Result<KeyFile> unlock_key(const KeySource& source, const SecretBytes& passphrase);

}  // namespace drawbridge
