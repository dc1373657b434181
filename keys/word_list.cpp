#include "keys/word_list.hpp"

#include <algorithm>
#include <cassert>

#include "keys/wordlists.hpp"

namespace drawbridge {

namespace {

constexpr size_t longest_word = 8, shortest_prefix = 4;

struct Description {
  Language language;
  const char *code, *name, *words;
};
constexpr Description descriptions[] = {
    {Language::english, "en", "English", wordlists::english_words},
    {Language::french, "fr", "French", wordlists::french_words},
    {Language::spanish, "es", "Spanish", wordlists::spanish_words},
};

const Description& describe(Language language) {
  return descriptions[static_cast<size_t>(language) - 1];
}

using Lines = std::array<std::string_view, word_list_size>;

Lines split(std::string_view text) {
  Lines lines;
  for (std::string_view& line : lines) {
    size_t end = text.find('\n');
    assert(end != std::string_view::npos);
    line = text.substr(0, end);
    text.remove_prefix(end + 1);
  }
  assert(text.empty());
  return lines;
}

// First letter in the highest byte, zeros after the last: sorts as the letters do.
uint64_t pack(std::string_view letters) {
  uint64_t packed = 0;
  for (size_t i = 0; i < longest_word; ++i)
    packed = packed << 8 | (i < letters.size() ? static_cast<uint8_t>(letters[i]) : 0);
  return packed;
}

// The lists are NFKD and lower case, so folding leaves out the combining marks: two bytes each, U+0300 to U+036F.
std::string without_marks(std::string_view word) {
  std::string plain;
  for (size_t i = 0; i < word.size(); ++i) {
    auto byte = static_cast<uint8_t>(word[i]);
    if (byte == 0xcc || byte == 0xcd)
      ++i;
    else
      plain.push_back(word[i]);
  }
  return plain;
}

// Damerau-Levenshtein distance (optimal string alignment), for short words.
size_t distance(std::string_view a, std::string_view b) {
  constexpr size_t room = 2 * longest_word + 1;
  assert(a.size() < room && b.size() < room);
  size_t table[room][room];
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        table[i][j] = i + j;
        continue;
      }
      size_t change = table[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
      table[i][j] = std::min({change, table[i - 1][j] + 1, table[i][j - 1] + 1});
      bool exchanged = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (exchanged) table[i][j] = std::min(table[i][j], table[i - 2][j - 2] + 1);
    }
  }
  return table[a.size()][b.size()];
}

}  // namespace

std::optional<Language> language_from_code(std::string_view code) {
  for (const Description& description : descriptions) {
    if (description.code == code) return description.language;
  }
  return std::nullopt;
}

const char* language_code(Language language) {
  return describe(language).code;
}
const char* language_name(Language language) {
  return describe(language).name;
}

std::string_view word_at(Language language, size_t index) {
  static const Lines lists[] = {split(wordlists::english_words), split(wordlists::french_words),
                                split(wordlists::spanish_words)};
  return lists[static_cast<size_t>(language) - 1][index];
}

WordIndex::WordIndex(Language language) : language_(language) {
  entries_.reserve(word_list_size);
  for (uint16_t i = 0; i < word_list_size; ++i) entries_.push_back({pack(without_marks(word_at(language, i))), i});
  std::ranges::sort(entries_, {}, &Entry::letters);
}

std::optional<uint16_t> WordIndex::find(std::string_view folded) const {
  if (folded.empty() || folded.size() > longest_word) return std::nullopt;
  uint64_t begin = pack(folded);
  auto first = std::ranges::lower_bound(entries_, begin, {}, &Entry::letters);
  if (first == entries_.end()) return std::nullopt;
  if (first->letters == begin) return first->index;
  if (folded.size() < shortest_prefix) return std::nullopt;
  uint64_t end = begin | (folded.size() == longest_word ? 0 : UINT64_MAX >> (8 * folded.size()));
  bool matches = first->letters <= end, unique = first + 1 == entries_.end() || first[1].letters > end;
  return matches && unique ? std::optional(first->index) : std::nullopt;
}

std::vector<std::string_view> WordIndex::nearest(std::string_view folded, size_t limit) const {
  std::vector<std::string_view> words;
  if (folded.size() > 2 * longest_word) return words;
  size_t best = 2;
  for (size_t i = 0; i < word_list_size; ++i) {
    std::string_view word = word_at(language_, i);
    size_t changes = distance(folded, without_marks(word));
    if (changes < best) words.clear();
    if (changes > best || words.size() >= limit) continue;
    best = changes;
    words.push_back(word);
  }
  return words;
}

}  // namespace drawbridge
