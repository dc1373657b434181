// Reading a phrase as people write it, and saying what is wrong with it.
#include <sodium.h>

#include <algorithm>

#include "keys/seed_phrase.hpp"
#include "keys/unicode.hpp"

namespace drawbridge {

namespace {

constexpr size_t own_word_count = 24, most_words = 48;  // more than 24, so that a doubled paste is counted and named

struct TypedWord {
  std::string_view letters;  // into the folded text
};

bool is_letter(uint8_t byte) {
  return (byte >= 'a' && byte <= 'z') || byte >= 0x80;
}
bool is_digit(uint8_t byte) {
  return byte >= '0' && byte <= '9';
}

// Runs of letters and digits; a run of digits alone numbers a word and is not one.
std::vector<TypedWord> split(ByteView folded) {
  std::vector<TypedWord> words;
  for (size_t i = 0; i < folded.size() && words.size() < most_words;) {
    size_t begin = i;
    bool letters = false;
    while (i < folded.size() && (is_letter(folded[i]) || is_digit(folded[i]))) letters |= is_letter(folded[i++]);
    if (letters) words.push_back({as_text(folded.subspan(begin, i - begin))});
    if (i == begin) ++i;
  }
  return words;
}

// The typed words in the light of one list.
struct Reading {
  WordIndex list;
  std::vector<std::optional<uint16_t>> indices;
  size_t found = 0;

  Reading(Language language, const std::vector<TypedWord>& words) : list(language) {
    for (const TypedWord& word : words) {
      indices.push_back(list.find(word.letters));
      found += indices.back().has_value();
    }
  }
  ~Reading() { wipe({reinterpret_cast<uint8_t*>(indices.data()), indices.size() * sizeof indices[0]}); }
  Reading(Reading&&) = default;
  Reading& operator=(Reading&&) = default;
};

// The phrase of these indices, if the checksum agrees.
std::optional<SeedPhrase> assemble(const Reading& reading) {
  size_t words = reading.indices.size(), checksum_bits = words / 3;
  Secret<33> bits;
  for (size_t i = 0; i < words * 11; ++i) {
    bool bit = *reading.indices[i / 11] >> (10 - i % 11) & 1;
    bits.reveal_mutable()[i / 8] |= static_cast<uint8_t>(bit << (7 - i % 8));
  }
  size_t entropy_size = words * 4 / 3;
  Secret32 digest;
  crypto_hash_sha256(digest.reveal_mutable().data(), bits.reveal().data(), entropy_size);
  auto mask = static_cast<uint8_t>(0xff << (8 - checksum_bits));
  if (((bits.reveal()[entropy_size] ^ digest.reveal()[0]) & mask) != 0) return std::nullopt;
  return SeedPhrase(bits.reveal().first(entropy_size), reading.list.language());
}

std::string quoted_list(const std::vector<std::string_view>& words) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text.append("\"").append(words[i]).append("\"");
  }
  return text;
}

bool is_plain(std::string_view word) {
  return word.size() <= 16 && std::ranges::all_of(word, [](char c) { return static_cast<uint8_t>(c) < 0x80; });
}

Error wrong_word(const Reading& reading, const std::vector<TypedWord>& words) {
  auto missing = std::find(reading.indices.begin(), reading.indices.end(), std::nullopt);
  auto position = static_cast<size_t>(missing - reading.indices.begin());
  std::string_view letters = words[position].letters;
  std::string message = "Word " + std::to_string(position + 1);
  if (is_plain(letters)) message.append(" (\"").append(letters).append("\")");
  message.append(" is not in the ").append(language_name(reading.list.language())).append(" word list");
  size_t others = words.size() - reading.found - 1;
  if (others > 0)
    message +=
        ", and neither " + std::string(others == 1 ? "is one other" : "are " + std::to_string(others) + " others");
  auto nearest = reading.list.nearest(letters, 4);
  return {ErrorCode::malformed, message + ".",
          nearest.empty() ? "Compare this word with your paper." : "Perhaps it is " + quoted_list(nearest) + "."};
}

Error wrong_count(size_t count) {
  if (count == 0)
    return {ErrorCode::malformed, "There are no words here.", "Type the 24 words of the phrase, in order."};
  std::string number = count >= most_words ? "far more than 24" : std::to_string(count);
  return {ErrorCode::malformed, "The phrase has " + number + " words; it must have 24.",
          count < own_word_count ? "Look for a word that was left out." : "Look for a word that was typed twice."};
}

// All words are right and the checksum is not. If exchanging one pair of neighbours mends it, say which.
Error wrong_order(Reading& reading) {
  std::vector<size_t> mended;
  for (size_t i = 0; i + 1 < reading.indices.size(); ++i) {
    std::swap(reading.indices[i], reading.indices[i + 1]);
    if (assemble(reading)) mended.push_back(i + 1);
    std::swap(reading.indices[i], reading.indices[i + 1]);
  }
  std::string remedy = "Compare their order with your paper, and each word: a similar one may have taken its place.";
  if (mended.size() == 1) {
    remedy = "Perhaps words " + std::to_string(mended[0]) + " and " + std::to_string(mended[0] + 1) +
             " are exchanged. " + remedy;
  }
  return {ErrorCode::malformed, "Each of the words is in the list, but together they are not a valid phrase.", remedy};
}

bool right_count(size_t count, PhraseLength length) {
  if (length == PhraseLength::drawbridge) return count == own_word_count;
  return count >= 12 && count <= 24 && count % 3 == 0;
}

}  // namespace

Result<SeedPhrase> parse_seed_phrase(std::string_view text, PhraseLength length) {
  auto normalized = folded(text);
  if (!normalized) return normalized.error();
  std::vector<TypedWord> words = split(normalized->reveal());
  if (words.empty()) return wrong_count(0);

  std::vector<Reading> readings;
  for (Language language : all_languages) readings.emplace_back(language, words);
  // Lists share words, so more than one may know them all: the checksum decides.
  for (const Reading& reading : readings) {
    if (reading.found < words.size() || !right_count(words.size(), length)) continue;
    if (auto phrase = assemble(reading)) return *std::move(phrase);
  }
  Reading& likeliest = *std::ranges::max_element(readings, {}, &Reading::found);
  if (likeliest.found < words.size()) return wrong_word(likeliest, words);
  if (!right_count(words.size(), length)) return wrong_count(words.size());
  return wrong_order(likeliest);
}

}  // namespace drawbridge
