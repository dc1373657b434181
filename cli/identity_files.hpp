// Making an identity and its files in a state folder; no daemon takes part.
#pragma once

#include <optional>
#include <string>

#include "keys/device_id.hpp"
#include "keys/key_file.hpp"
#include "keys/seed_phrase.hpp"

namespace drawbridge::cli {

// 256 bits from the system's generator.
SeedPhrase fresh_phrase(Language language);

// Makes the folder and writes the name, then the key, locked if there is a passphrase: an identity is there whole or not
// at all. Throws CommandFailed: `already_exists` rather than overwrite a key, `not_allowed`, `io`.
DeviceId store_identity(const std::string& state, const SeedPhrase& phrase, const std::string& name,
                        const std::optional<SecretBytes>& passphrase = std::nullopt);

// The key file's bytes, locked. Throws CommandFailed as encode_locked_key_file fails.
SecretBytes lock_key(const KeyFile& key, const SecretBytes& passphrase);

}  // namespace drawbridge::cli
