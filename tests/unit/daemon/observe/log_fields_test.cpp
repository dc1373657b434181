#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <sstream>

#include "daemon/observe/log.hpp"

using namespace drawbridge;

namespace {

std::string documentation() {
  std::ifstream file(DRAWBRIDGE_SOURCE_DIR "/docs/spec/log.md");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Those of all values that have a name. One without a name does not compile (daemon/observe/log.cpp).
template <typename Enum>
std::set<std::string> names(const char* (*name_of)(Enum)) {
  std::set<std::string> all;
  for (int value = 0; value <= UINT8_MAX; ++value) all.insert(name_of(static_cast<Enum>(value)));
  all.erase("");
  return all;
}

// What stands in the first column of the page's table.
std::set<std::string> rows(const std::string& page) {
  const std::string start = "\n| `";
  std::set<std::string> all;
  for (size_t at = page.find(start); at != std::string::npos; at = page.find(start, at + 1)) {
    size_t name = at + start.size();
    all.insert(page.substr(name, page.find('`', name) - name));
  }
  return all;
}

}  // namespace

TEST_CASE("the log's documentation has a row for every event, and for nothing else") {
  CHECK(rows(documentation()) == names(event_name));
}

TEST_CASE("every field of the log is in its documentation") {
  std::string page = documentation();
  auto fields = names(field_name);
  CHECK(fields.contains("listen"));
  for (const std::string& field : fields) {
    CAPTURE(field);
    CHECK(page.find('`' + field + '`') != std::string::npos);
  }
}
