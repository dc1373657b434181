// Making an identity and its files in a state folder; no daemon takes part.
#pragma once

#include <string>

#include "keys/device_id.hpp"
#include "keys/seed_phrase.hpp"

namespace drawbridge::cli {

// 256 bits from the system's generator.
SeedPhrase fresh_phrase(Language language);

// Makes the folder and writes the name, then the key: an identity is there whole or not at all. Throws CommandFailed:
// `already_exists` rather than overwrite a key, `not_allowed`, `io`.
DeviceId store_identity(const std::string& state, const SeedPhrase& phrase, const std::string& name);

}  // namespace drawbridge::cli
