#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "daemon/observe/log.hpp"

using namespace drawbridge;

TEST_CASE("every event and field of the log is in its documentation") {
  std::ifstream file(DRAWBRIDGE_SOURCE_DIR "/docs/spec/log.md");
  std::stringstream text;
  text << file.rdbuf();
  std::string page = text.str();
  for (int event = 0; event <= int(LogEvent::gateway_moved); ++event) {
    std::string row = std::string("\n| `") + event_name(static_cast<LogEvent>(event)) + "` |";
    CAPTURE(row);
    CHECK(page.find(row) != std::string::npos);
  }
  for (int field = 0; field <= int(LogField::restart_needed); ++field) {
    std::string name = std::string("`") + field_name(static_cast<LogField>(field)) + "`";
    CAPTURE(name);
    CHECK(page.find(name) != std::string::npos);
  }
}
