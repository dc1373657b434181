#include "daemon/admin/arguments.hpp"

#include <catch2/catch.hpp>

#include "daemon/admin/rfc3339.hpp"

using namespace drawbridge;
using namespace drawbridge::admin;

TEST_CASE("arguments are read by type, and null counts as absent") {
  Value map = Value::map(
      {{"name", "db"}, {"wait", true}, {"until", nullptr}, {"services", Value::array({"a", "b"})}, {"n", 7}});
  Arguments arguments(map);
  CHECK(arguments.text("name") == "db");
  CHECK(arguments.flag("wait"));
  CHECK_FALSE(arguments.optional_time("until"));
  CHECK(arguments.texts("services") == std::vector<std::string>{"a", "b"});
  CHECK(arguments.optional_number("n", 1, 10) == 7);
  CHECK(arguments.done().ok());
}

TEST_CASE("a missing, ill-typed or unknown argument is named") {
  Value map = Value::map({{"name", 5}, {"odd", 1}});
  {
    Arguments arguments(map);
    arguments.text("target");
    CHECK(arguments.done().error().message.find("'target' is missing") != std::string::npos);
  }
  {
    Arguments arguments(map);
    arguments.text("name");
    CHECK(arguments.done().error().message.find("'name' must be a text") != std::string::npos);
  }
  {
    Arguments arguments(map);
    arguments.number("name");
    CHECK(arguments.done().error().message.find("'odd' is not known") != std::string::npos);
  }
}

TEST_CASE("times are written and read to the millisecond") {
  CHECK(to_rfc3339({0}) == "1970-01-01T00:00:00.000Z");
  CHECK(to_rfc3339({1'740'821'400'123}) == "2025-03-01T09:30:00.123Z");
  CHECK(parse_rfc3339("2025-03-01T09:30:00.123Z")->unix_ms == 1'740'821'400'123);
  CHECK(parse_rfc3339("2025-03-01T10:30:00.123456+01:00")->unix_ms == 1'740'821'400'123);
  CHECK(parse_rfc3339("2024-02-29T00:00:00Z").ok());
}

TEST_CASE("what is no time is refused") {
  auto text = GENERATE(as<std::string>{}, "", "tomorrow", "2025-03-01", "2025-02-29T00:00:00Z", "2025-03-01T25:00:00Z",
                       "2025-03-01T09:30:00", "2025-03-01T09:30:00.Z", "2025-03-01T09:30:00Z ", "2025-03-01 09:30:00Z");
  CHECK_FALSE(parse_rfc3339(text).ok());
}
