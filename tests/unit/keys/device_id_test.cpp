#include "keys/device_id.hpp"

#include <catch2/catch.hpp>
#include <set>

using namespace drawbridge;

namespace {

DeviceId numbered(uint8_t first) {
  DeviceId id;
  for (size_t i = 0; i < id.bytes.size(); ++i) id.bytes[i] = static_cast<uint8_t>(first + 37 * i);
  return id;
}

std::string refusal(std::string_view text) {
  auto id = parse_device_id(text);
  REQUIRE_FALSE(id.ok());
  CHECK(id.error().code == ErrorCode::malformed);
  CHECK_FALSE(id.error().remedy.empty());
  return id.error().message;
}

char other(char c) {
  return c == 'q' ? 'r' : 'q';
}

}  // namespace

TEST_CASE("an id is nine groups of seven characters that read back as themselves") {
  for (int first = 0; first < 256; ++first) {
    DeviceId id = numbered(static_cast<uint8_t>(first));
    std::string text = to_text(id);
    REQUIRE(text.size() == 71);
    for (size_t i = 7; i < text.size(); i += 8) REQUIRE(text[i] == '-');
    REQUIRE(parse_device_id(text).value() == id);
  }
}

TEST_CASE("an id keeps its text from release to release") {
  CHECK(to_text(DeviceId{}) == "0000001-0000002-0000003-0000004-0000005-0000006-0000007-0000008-0009snf");
}

TEST_CASE("dashes, case and look-alikes do not matter when an id is read") {
  DeviceId id = numbered(3);
  std::string text = to_text(id), sloppy;
  for (char c : text) {
    if (c == '-')
      sloppy += "  ";
    else if (c == '1')
      sloppy += sloppy.size() % 2 ? 'I' : 'l';
    else if (c == '0')
      sloppy += 'O';
    else
      sloppy += static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  }
  CHECK(sloppy != text);
  CHECK(parse_device_id(sloppy).value() == id);
}

TEST_CASE("one wrong character anywhere is found and its group named") {
  const std::string text = to_text(numbered(9));
  const char* names[] = {"first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"};
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '-') continue;
    std::string wrong = text;
    wrong[i] = other(text[i]);
    CHECK_THAT(refusal(wrong), Catch::Contains(std::string("The ") + names[i / 8] + " group"));
  }
}

TEST_CASE("two characters swapped within a group are found in that group") {
  const std::string text = to_text(numbered(77));
  size_t swaps = 0;
  for (size_t group = 0; group < 9; ++group) {
    for (size_t a = group * 8; a < group * 8 + 7; ++a) {
      for (size_t b = a + 1; b < group * 8 + 7; ++b) {
        if (text[a] == text[b]) continue;
        std::string wrong = text;
        std::swap(wrong[a], wrong[b]);
        CHECK_FALSE(parse_device_id(wrong).ok());
        ++swaps;
      }
    }
  }
  CHECK(swaps > 150);
}

TEST_CASE("swapped groups are found") {
  const std::string text = to_text(numbered(5));
  std::string wrong = text.substr(8, 7) + "-" + text.substr(0, 7) + text.substr(15);
  CHECK_THAT(refusal(wrong), Catch::Contains("The first group"));
}

TEST_CASE("a group with a character missing is named") {
  std::string text = to_text(numbered(5));
  text.erase(17, 1);
  CHECK_THAT(refusal(text), Catch::Contains("The third group of the device id does not have 7 characters"));
}

TEST_CASE("texts of any other shape are refused without harm") {
  CHECK_THAT(refusal(""), Catch::Contains("another length"));
  CHECK_THAT(refusal("hello"), Catch::Contains("another length"));
  CHECK_THAT(refusal(std::string(100000, 'a')), Catch::Contains("another length"));
  CHECK_THAT(refusal(std::string(63, '\x80')), Catch::Contains("The first group of the device id (?"));
}

TEST_CASE("a prefix of eight characters or more matches, whatever its dashes and case") {
  DeviceId id = numbered(200);
  std::string text = to_text(id);
  CHECK(matches_prefix(id, text));
  CHECK(matches_prefix(id, short_text(id)));
  CHECK(matches_prefix(id, text.substr(0, 9)));  // seven characters, a dash, one character
  CHECK_FALSE(matches_prefix(id, text.substr(0, 8)));
  std::string wrong = text.substr(0, 12);
  wrong[10] = other(wrong[10]);
  CHECK_FALSE(matches_prefix(id, wrong));
  CHECK_FALSE(matches_prefix(id, text + "0"));
}

TEST_CASE("short texts of different ids differ") {
  std::set<std::string> seen;
  for (int first = 0; first < 256; ++first) seen.insert(short_text(numbered(static_cast<uint8_t>(first))));
  CHECK(seen.size() == 256);
}
