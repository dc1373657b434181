#include "protocol/pairing/short_code.hpp"

#include <catch2/catch.hpp>

#include <set>

#include "tests/sim/seeded_entropy.hpp"

using namespace drawbridge;
using namespace drawbridge::pairing;

namespace {

ShortCode code_of(std::string_view text) {
  auto code = parse_short_code(text);
  INFO(text);
  REQUIRE(code);
  return *code;
}

Error refusal_of(std::string_view text) {
  auto code = parse_short_code(text);
  INFO(text);
  REQUIRE_FALSE(code);
  CHECK(code.error().code == ErrorCode::malformed);
  CHECK_FALSE(code.error().remedy.empty());
  return code.error();
}

}  // namespace

TEST_CASE("a short code is read however it was typed") {
  for (const char* text : {"7-forest-lamp", "7 Forest Lamp", "  FOREST lamp 7\n", "7forest-lamp", "007-forest-lamp",
                           "7 – forest – lamp", "7, forêst, lámp", "7-fore-lamp"}) {
    ShortCode code = code_of(text);
    CHECK(code.number == 7);
    CHECK(to_text(code) == "7-forest-lamp");
  }
}

TEST_CASE("a drawn short code of any language is read back as it was written") {
  sim::SeededEntropy entropy(3);
  for (Language language : all_languages) {
    std::set<std::string> seen;
    for (int i = 0; i < 60; ++i) {
      ShortCode drawn = draw_short_code(language, entropy);
      CHECK((drawn.number >= 1 && drawn.number <= largest_code_number));
      CHECK(code_of(to_text(drawn)).password() == drawn.password());
      CHECK(code_of(to_text(drawn)).number == drawn.number);
      seen.insert(to_text(drawn));
    }
    CHECK(seen.size() == 60);
  }
}

TEST_CASE("each language has enough code words for three guesses to be worth one in 900,000") {
  for (Language language : all_languages) {
    double words = 0;
    for (uint16_t i = 0; i < word_list_size; ++i) words += is_code_word(language, i);
    CAPTURE(language_name(language), words);
    CHECK(words * words / 3 > 900'000);
  }
}

TEST_CASE("a word that two languages share gives one password whichever list it is taken from") {
  CHECK(code_of("5-danger-nation").password() == "danger-nation");
}

TEST_CASE("an unknown word is named and the nearest of the other word's language is proposed") {
  Error error = refusal_of("7-forets-lamp");
  CHECK(error.message.find("'forets'") != std::string::npos);
  CHECK(error.remedy.find("forest") != std::string::npos);
  CHECK(refusal_of("7-forest-lqmp").remedy.find("lamp") != std::string::npos);
  CHECK(refusal_of("7-xxxxxxxx-lamp").remedy.find("Compare") != std::string::npos);
}

TEST_CASE("what is no code is refused with a word on what a code looks like") {
  for (const char* text : {"", "7", "forest-lamp", "7-forest", "7-8-forest-lamp", "7-forest-lamp-lamp", "----", "\xff\xfe"})
    CHECK(refusal_of(text).message != "");
  CHECK(refusal_of(std::string(5'000, 'a')).message.find("too long") != std::string::npos);
  CHECK(refusal_of("0-forest-lamp").remedy.find("999") != std::string::npos);
  CHECK(refusal_of("1000-forest-lamp").remedy.find("999") != std::string::npos);
  CHECK(refusal_of("99999999999999999999999-forest-lamp").remedy.find("999") != std::string::npos);
}

TEST_CASE("links are told from codes") {
  CHECK(may_be_short_code("7-forest-lamp"));
  CHECK_FALSE(may_be_short_code("drawbridge:#AAAA"));
  CHECK_FALSE(may_be_short_code("https://shell.example.org/#AAAA"));
}

TEST_CASE("each number has a mailbox of its own") {
  CHECK(short_code_mailbox(7) == short_code_mailbox(7));
  CHECK_FALSE(short_code_mailbox(7) == short_code_mailbox(8));
  CHECK_FALSE(short_code_mailbox(7) == short_code_mailbox(7 * 256));
}
