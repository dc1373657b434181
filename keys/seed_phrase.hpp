// The phrase of 24 words that is a node's root secret on paper: BIP-39, in English, French or Spanish.
#pragma once

#include "keys/result.hpp"
#include "keys/secret.hpp"
#include "keys/word_list.hpp"

namespace drawbridge {

using Seed = Secret<64>;  // BIP-39's seed, from which all keys derive (keys/key_derivation.hpp)

class SeedPhrase {
 public:
  // Drawbridge's own phrases have 32 bytes of entropy; BIP-39 also knows 16, 20, 24 and 28 (asserted).
  SeedPhrase(ByteView entropy, Language language);

  Language language() const { return language_; }
  size_t word_count() const { return entropy_size_ * 3 / 4; }
  // The words live as long as the program, so handing them out copies no secret; which ones they are is the secret.
  std::string_view word(size_t position) const;
  std::vector<std::string_view> words() const;
  ByteView entropy() const { return entropy_.reveal().first(entropy_size_); }

  // PBKDF2-HMAC-SHA512, 2048 rounds: some milliseconds. `passphrase` is BIP-39's optional one; another passphrase gives
  // another seed and never an error. `malformed` if it is not UTF-8 or too long.
  Result<Seed> seed(std::string_view passphrase = {}) const;

 private:
  size_t index_at(size_t position) const;

  Secret32 entropy_;
  size_t entropy_size_;
  Language language_;
};

// Which lengths parse_seed_phrase takes.
enum class PhraseLength : uint8_t { drawbridge, any_of_bip39 };

// Reads what a person typed: any case, spaces, line breaks, commas or numbering between words, accents composed,
// decomposed or left out, four letters where they name one word. The language is found by itself.
// `malformed` says which word is wrong and proposes the nearest, or that a word is missing, or that the words are right
// and their order is not. Show the message to the person who typed and never log it: it may quote a word.
Result<SeedPhrase> parse_seed_phrase(std::string_view text, PhraseLength length = PhraseLength::drawbridge);

}  // namespace drawbridge
