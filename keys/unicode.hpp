// Text as people type it, brought into one form. What goes in may be secret: intermediate copies are wiped.
#pragma once

#include "keys/result.hpp"
#include "keys/secret.hpp"

namespace drawbridge {

// Longer texts are refused: nothing that a person types here is longer.
constexpr size_t longest_typed_text = 4096;

// Unicode normalization form KD, as BIP-39 wants words and passphrases. `malformed`: not UTF-8, or too long.
Result<SecretBytes> nfkd(std::string_view text);

// For comparing: NFKD, case-folded, without accents, ligatures opened ("Œuf" gives "oeuf"). Errors as nfkd.
Result<SecretBytes> folded(std::string_view text);

}  // namespace drawbridge
