// One of BIP-39's word lists, and the forgiving search in it.
#pragma once

#include <optional>
#include <vector>

#include "keys/bytes.hpp"

namespace drawbridge {

// Stored in key files: never renumber.
enum class Language : uint8_t { english = 1, french = 2, spanish = 3 };
constexpr Language all_languages[] = {Language::english, Language::french, Language::spanish};

std::optional<Language> language_from_code(std::string_view code);  // "en", "fr", "es"
const char* language_code(Language language);
const char* language_name(Language language);  // "English"

constexpr size_t word_list_size = 2048;

// The word itself, NFKD. It lives as long as the program.
std::string_view word_at(Language language, size_t index);

// Built for one search and thrown away: searching is rare, and 32 KiB a language need not stay in memory.
class WordIndex {
 public:
  explicit WordIndex(Language language);
  Language language() const { return language_; }

  // `folded` (keys/unicode.hpp) is a word of the list without its accents, or four or more letters with which exactly
  // one word begins.
  std::optional<uint16_t> find(std::string_view folded) const;

  // The list's words nearest to `folded` by changed, missing, extra and exchanged letters: at most `limit`, all equally
  // near, none if even the nearest needs more than two changes.
  std::vector<std::string_view> nearest(std::string_view folded, size_t limit) const;

 private:
  // No word has more than eight letters without its accents, so a word is a number, and a prefix a range.
  struct Entry {
    uint64_t letters;
    uint16_t index;
  };
  Language language_;
  std::vector<Entry> entries_;  // sorted
};

}  // namespace drawbridge
