#include "cli/completion.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "tests/unit/cli/fake_daemon.hpp"

using namespace drawbridge::cli;

namespace {

std::string script_for(const std::string& shell) {
  TemporaryDirectory state;
  Ran ran = run_cli(state.path(), {"completion", shell});
  REQUIRE(ran.exit == 0);
  return ran.out;
}

// The command and option names of one help text.
std::vector<std::string> names_in(const std::string& help) {
  std::vector<std::string> names;
  std::istringstream lines(help.substr(std::min(help.find("Options:"), help.size())));
  bool commands = false;
  for (std::string line; std::getline(lines, line);) {
    commands = commands || line.starts_with("Subcommands:");
    if (!line.starts_with("  ") || line[2] == ' ') continue;
    size_t from = line.find("--"), to = line.find_first_of(" =", 2);
    if (commands) names.push_back(line.substr(2, to - 2));
    else if (from < to) names.push_back(line.substr(from, to - from));
  }
  return names;
}

std::string help_of(std::vector<std::string> command) {
  TemporaryDirectory state;
  command.push_back("--help");
  return run_cli(state.path(), command).out;
}

// What bash offers for the last of `words`, one word a line.
std::string bash_offers(const std::string& words) {
  TemporaryDirectory folder;
  std::ofstream(folder / "script") << script_for("bash");
  std::string line = "source " + (folder / "script") + "; COMP_WORDS=(" + words +
                     "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _drawbridge; printf '%s\\n' \"${COMPREPLY[@]}\"";
  std::ofstream(folder / "run") << line;
  FILE* shell = popen(("bash " + (folder / "run")).c_str(), "r");
  REQUIRE(shell);
  std::string out;
  for (int c = 0; (c = fgetc(shell)) != EOF;) out += static_cast<char>(c);
  pclose(shell);
  return out;
}

}  // namespace

TEST_CASE("the completions of every shell hold every command and every option of the program") {
  auto shell = GENERATE(as<std::string>(), "bash", "zsh", "fish");
  std::string script = script_for(shell);
  auto commands = names_in(help_of({}));
  REQUIRE(commands.size() > 20);
  for (const std::string& command : commands) {
    if (command.starts_with("-")) continue;
    for (const std::string& name : names_in(help_of({command}))) {
      CAPTURE(shell, command, name);
      bool fish_option = shell == "fish" && name.starts_with("--");
      CHECK(script.find(fish_option ? " -l " + name.substr(2) : name) != script.npos);
    }
    CAPTURE(shell, command);
    CHECK(script.find(command) != script.npos);
  }
}

TEST_CASE("bash offers the commands, then what the chosen one takes") {
  CHECK(bash_offers("drawbridge re") == "rename\nrevoke\nrelay\nrestore\n");
  CHECK(bash_offers("drawbridge devices reset") == "reset-counter\n");
  CHECK(bash_offers("drawbridge --state /x pair --qr ''") == "terminal\npng\nsvg\n");
  CHECK(bash_offers("drawbridge pair --li") == "--link-only\n");
  CHECK(bash_offers("drawbridge wait --re") == "--ready\n");
}

TEST_CASE("a quote in a description does not end the script's own") {
  CompletedCommand command{"", {{"open", "The owner's: first"}}, {}, false};
  for (Shell shell : {Shell::zsh, Shell::fish}) CHECK(completion_script(shell, {command}).find("owner's") == std::string::npos);
  CHECK(completion_script(Shell::zsh, {command}).find("owner’s\\: first") != std::string::npos);
}
