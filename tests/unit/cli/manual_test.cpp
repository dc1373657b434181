#include <catch2/catch.hpp>
#include <fstream>
#include <regex>
#include <set>
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

using Names = std::set<std::string>;

Names found(const std::string& text, const char* pattern) {
  std::regex wanted(pattern);
  Names names;
  for (std::sregex_iterator at(text.begin(), text.end(), wanted), end; at != end; ++at) names.insert((*at)[1]);
  return names;
}

// The long options that a help text lists, but for those that every command has.
Names options(const std::string& help) {
  Names names = found(help, "\\n +(?:-\\w,)?--([a-z-]+)");
  for (const char* everywhere : {"help", "state", "json"}) names.erase(everywhere);
  return names;
}

// The options in the synopses (".It Cm NAME ...") that the manual has of a command.
Names described_options(const std::string& command) {
  std::istringstream lines(manual());
  Names names;
  for (std::string line; std::getline(lines, line);) {
    if ((line + " ").starts_with(".It Cm " + command + " ")) names.merge(found(line, "Fl -([a-z-]+)"));
  }
  return names;
}

std::vector<std::string> words_of(const std::string& command) {
  std::istringstream text(command);
  return {std::istream_iterator<std::string>(text), {}};
}

// Every command by its whole name: "init", "devices", "devices forget".
std::vector<std::string> every_command() {
  std::vector<std::string> all;
  for (const std::string& name : subcommands(help_of({}))) {
    all.push_back(name);
    for (const std::string& inner : subcommands(help_of({name}))) all.push_back(name + " " + inner);
  }
  return all;
}

}  // namespace

TEST_CASE("the manual describes every option of every command, and no other") {
  for (const std::string& command : every_command()) {
    CAPTURE(command);
    std::string help = help_of(words_of(command));
    // A group's own line is that of its commands.
    if (subcommands(help).empty()) CHECK(described_options(command) == options(help));
  }
  std::string everywhere = manual();
  everywhere = everywhere.substr(everywhere.find("Options for every command"), everywhere.find(".Ss Identity") - everywhere.find("Options for every command"));
  for (const char* option : {"state", "json", "version"}) {
    CAPTURE(option);
    CHECK(found(everywhere, "\n\\.It Fl -([a-z-]+)").contains(option));
  }
}

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
