// A code short enough to be said on the telephone: a number and two words, `7-forest-lamp`. docs/spec/short-code.md.
// The number names the meeting place on a relay and is no secret; the words are the password of a CPace exchange.
#pragma once

#include <string>

#include "keys/entropy.hpp"
#include "keys/result.hpp"
#include "keys/word_list.hpp"

namespace drawbridge::pairing {

constexpr uint16_t largest_code_number = 999;

struct ShortCode {
  uint16_t number = 0;  // 1 to largest_code_number
  Language language = Language::english;
  std::array<uint16_t, 2> words{};  // in the BIP-39 list of that language

  // What CPace runs on: "forest-lamp". A word that two lists share makes the same password.
  std::string password() const;
};

// Words are drawn from a BIP-39 list's words that are written with the letters a to z alone.
bool is_code_word(Language language, uint16_t index);

ShortCode draw_short_code(Language language, Entropy& entropy);
std::string to_text(const ShortCode& code);

// Reads what a person typed: any case, accents or none, any separators, the number before or behind, four letters where
// they name one word. The language is found by itself. `malformed` says what is missing, or which word is unknown, and
// proposes the nearest.
Result<ShortCode> parse_short_code(std::string_view text);

// Whether `join` was given a code and not a link: it has no ':', '/' or '#'.
bool may_be_short_code(std::string_view text);

// The secret of the meeting place's mailbox (relay::mailbox_key). Anybody can compute it: it only keeps numbers apart.
Secret32 short_code_mailbox(uint16_t number);

}  // namespace drawbridge::pairing
