#include "protocol/pairing/short_code.hpp"

#include <algorithm>

#include "keys/hash.hpp"
#include "keys/unicode.hpp"

namespace drawbridge::pairing {
namespace {

constexpr const char* form = "A code is a number and two words, like 7-forest-lamp.";
constexpr size_t longest_code = 256;

bool is_digit(uint8_t byte) { return byte >= '0' && byte <= '9'; }
bool is_letter(uint8_t byte) { return byte >= 'a' && byte <= 'z'; }  // code words have no others

Error malformed(std::string message, std::string remedy = {}) {
  return {ErrorCode::malformed, std::move(message), std::move(remedy)};
}

struct Typed {
  std::vector<std::string> numbers, words;
};

// Runs of digits and runs of letters; everything else separates.
Typed split(ByteView folded) {
  Typed typed;
  for (size_t i = 0; i < folded.size();) {
    auto kind = is_digit(folded[i]) ? is_digit : is_letter;
    size_t begin = i;
    while (i < folded.size() && kind(folded[i])) ++i;
    if (i == begin) {
      ++i;
      continue;
    }
    auto& runs = kind == is_digit ? typed.numbers : typed.words;
    runs.emplace_back(as_text(folded.subspan(begin, i - begin)));
  }
  return typed;
}

uint16_t number_of(const std::string& digits) {
  size_t value = 0;
  for (char digit : digits) value = std::min<size_t>(value * 10 + static_cast<size_t>(digit - '0'), largest_code_number + 1);
  return static_cast<uint16_t>(value);
}

std::optional<uint16_t> find(const WordIndex& list, const std::string& word) {
  auto index = list.find(word);
  return index && is_code_word(list.language(), *index) ? index : std::nullopt;
}

// Every language in which both words are known.
std::vector<ShortCode> readings(uint16_t number, const std::vector<std::string>& words) {
  std::vector<ShortCode> found;
  for (Language language : all_languages) {
    WordIndex list(language);
    auto first = find(list, words[0]), second = find(list, words[1]);
    if (first && second) found.push_back({number, language, {*first, *second}});
  }
  return found;
}

// "forest" or "forest, forum": words near to the unknown one, in the languages that know the other word.
std::string proposals(const std::string& unknown, const std::string& other) {
  std::vector<std::string_view> words;
  auto collect = [&](bool any_language) {
    for (Language language : all_languages) {
      WordIndex list(language);
      if (!any_language && !find(list, other)) continue;
      for (std::string_view word : list.nearest(unknown, 3)) {
        auto index = find(list, std::string(word));
        if (index && word_at(language, *index) == word && std::ranges::find(words, word) == words.end()) words.push_back(word);
      }
    }
  };
  collect(false);
  if (words.empty()) collect(true);
  std::string text;
  for (size_t i = 0; i < std::min<size_t>(words.size(), 3); ++i) text += (i ? ", " : "") + std::string(words[i]);
  return text;
}

bool known_anywhere(const std::string& word) {
  return std::ranges::any_of(all_languages, [&](Language language) { return find(WordIndex(language), word).has_value(); });
}

Error unknown_word(const std::vector<std::string>& words) {
  size_t wrong = known_anywhere(words[0]) ? 1 : 0;
  std::string near = proposals(words[wrong], words[1 - wrong]);
  return malformed("There is no code with the word '" + words[wrong] + "' in it.",
                   near.empty() ? "Compare it with what the office shows." : "Did you mean: " + near + "?");
}

Error several_meanings(const std::vector<ShortCode>& codes) {
  return malformed("The short form of these words has more than one meaning.",
                   "Type both words in full: " + to_text(codes[0]) + " or " + to_text(codes[1]) + ".");
}

}  // namespace

bool is_code_word(Language language, uint16_t index) {
  return std::ranges::all_of(word_at(language, index), [](char letter) { return letter >= 'a' && letter <= 'z'; });
}

std::string ShortCode::password() const {
  return std::string(word_at(language, words[0])) + "-" + std::string(word_at(language, words[1]));
}

ShortCode draw_short_code(Language language, Entropy& entropy) {
  auto draw = [&](auto fits) {
    for (;;) {
      auto value = static_cast<uint16_t>(entropy.u64() % word_list_size);
      if (fits(value)) return value;
    }
  };
  auto code_word = [&](uint16_t index) { return is_code_word(language, index); };
  ShortCode code;
  code.number = draw([](uint16_t value) { return value >= 1 && value <= largest_code_number; });
  code.language = language;
  code.words[0] = draw(code_word);
  code.words[1] = draw(code_word);
  return code;
}

std::string to_text(const ShortCode& code) { return std::to_string(code.number) + "-" + code.password(); }

Result<ShortCode> parse_short_code(std::string_view text) {
  if (text.size() > longest_code) return malformed("This is too long for a code.", form);
  auto plain = folded(text);
  if (!plain) return plain.error();
  Typed typed = split(plain->reveal());
  if (typed.numbers.size() != 1 || typed.words.size() != 2) return malformed("This is not a whole code.", form);
  uint16_t number = number_of(typed.numbers[0]);
  if (number == 0 || number > largest_code_number)
    return malformed("There is no code with the number " + typed.numbers[0] + ".", "It is between 1 and 999.");
  std::vector<ShortCode> codes = readings(number, typed.words);
  if (codes.empty()) return unknown_word(typed.words);
  for (const ShortCode& code : codes) {
    if (code.password() == typed.words[0] + "-" + typed.words[1]) return code;
    if (code.password() != codes[0].password()) return several_meanings({codes[0], code});
  }
  return codes[0];
}

bool may_be_short_code(std::string_view text) { return text.find_first_of(":/#") == std::string_view::npos; }

Secret32 short_code_mailbox(uint16_t number) {
  uint8_t bytes[2] = {static_cast<uint8_t>(number >> 8), static_cast<uint8_t>(number)};
  return derive_key(Secret32(), "short code mailbox", bytes);
}

}  // namespace drawbridge::pairing
