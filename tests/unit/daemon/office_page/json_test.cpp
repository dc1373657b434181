#include "daemon/office_page/json.hpp"

#include <catch2/catch.hpp>

using namespace drawbridge;
using namespace drawbridge::office_page;
using admin::Value;

TEST_CASE("what is written as JSON is read again as it was") {
  Value value = Value::map({{"text", "é\"\\\n<b>"}, {"numbers", Value::array({0, -7, uint64_t{1} << 63, 2.5})}, {"none", nullptr}, {"yes", true}, {"nothing", Value::map()}});
  auto read = from_json(to_json(value));
  REQUIRE(read);
  CHECK(*read == value);
  CHECK(to_json(Value::map({{"bytes", Bytes{0, 255}}})) == R"({"bytes":"AP8="})");
}

TEST_CASE("text that is not UTF-8 is replaced, never passed on") {
  CHECK(to_json(Value("a\xff\x62")) == "\"a\xef\xbf\xbd" "b\"");
}

TEST_CASE("what could be read in two ways, is too deep or too long, is refused") {
  for (const char* text : {"", "{", "{}}", "{\"a\":1,\"a\":2}", "nul", "{\"a\":}", "[1,]", "\"\xff\"", "{\"a\":1e999}"}) {
    CAPTURE(text);
    CHECK_FALSE(from_json(text));
  }
  auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(from_json(nested(deepest_request_json)));
  CHECK_FALSE(from_json(nested(deepest_request_json + 1)));
  CHECK_FALSE(from_json(nested(1'000'000)));
  CHECK_FALSE(from_json("\"" + std::string(longest_request_json, 'a') + "\""));
}
