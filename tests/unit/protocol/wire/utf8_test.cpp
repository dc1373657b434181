#include "protocol/wire/utf8.hpp"

#include <catch2/catch.hpp>

using namespace drawbridge;

TEST_CASE("a text is cut before the character that does not fit") {
  std::string text = "aé€😀";
  auto [most, kept] = GENERATE(table<size_t, std::string>(
      {{0, ""}, {1, "a"}, {2, "a"}, {3, "aé"}, {5, "aé"}, {6, "aé€"}, {9, "aé€"}, {10, "aé€😀"}, {99, "aé€😀"}}));
  CHECK(utf8_prefix(text, most) == kept);
}

TEST_CASE("a text ends where it stops being one") {
  CHECK(utf8_prefix("ab\xff" "cd", 99) == "ab");
  CHECK(utf8_prefix("ab\xc3", 99) == "ab");
  CHECK(utf8_prefix("\xed\xa0\x80", 99).empty());  // a surrogate
}

TEST_CASE("well-formed text is told apart from overlong forms, surrogates and what lies above the last character") {
  for (std::string_view good : {"", "a", "é", "€", "😀", "\xf4\x8f\xbf\xbf"}) CHECK(is_utf8(as_bytes(good)));
  for (std::string_view bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5", "\xe2\x82"}) {
    CHECK_FALSE(is_utf8(as_bytes(bad)));
  }
}

TEST_CASE("text that a terminal may show has no control character of any kind and turns no writing round") {
  for (std::string_view good : {"", "Étude Müller & fils", "中村", "😀 ±", "\xc2\xa0"}) CHECK(is_plain_text(good));
  for (std::string_view bad : {"a\nb", "\x1b[2J", "\x7f", "\xc2\x9b" "2J", "\xe2\x80\xae" "fdp", "\xe2\x80\xa8", "\xe2\x81\xa6", "\xff"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_plain_text(bad));
  }
}
