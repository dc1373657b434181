#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "tests/unit/cli/fake_daemon.hpp"

using namespace drawbridge::cli;

namespace {

std::string manual() {
  std::ifstream file(DRAWBRIDGE_SOURCE_DIR "/docs/man/drawbridge.1");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The names that a help text lists under its heading "Subcommands:".
std::vector<std::string> subcommands(const std::string& help) {
  std::istringstream lines(help.substr(std::min(help.find("Subcommands:"), help.size())));
  std::vector<std::string> names;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("  ") && line.size() > 2 && line[2] != ' ')
      names.push_back(line.substr(2, line.find(' ', 2) - 2));
  }
  return names;
}

std::string help_of(std::vector<std::string> command) {
  TemporaryDirectory state;
  command.push_back("--help");
  Ran ran = run_cli(state.path(), command);
  CHECK(ran.exit == 0);
  return ran.out;
}

}  // namespace

TEST_CASE("the manual describes every command that the program has") {
  std::string text = manual();
  auto names = subcommands(help_of({}));
  REQUIRE(names.size() > 15);
  for (const std::string& name : names) {
    CAPTURE(name);
    CHECK(text.find(".It Cm " + name) != std::string::npos);
    for (const std::string& inner : subcommands(help_of({name})))
      CHECK(text.find(".It Cm " + name + " " + inner) != std::string::npos);
  }
}

TEST_CASE("the manual describes no command that the program lacks") {
  auto names = subcommands(help_of({}));
  std::istringstream lines(manual());
  size_t described = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(".It Cm ")) continue;
    std::string name = line.substr(7, line.find(' ', 7) - 7);
    CAPTURE(name);
    CHECK(std::find(names.begin(), names.end(), name) != names.end());
    ++described;
  }
  CHECK(described >= names.size());
}
