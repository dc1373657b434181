// What a shell completes after "drawbridge", written from the program's own table of commands.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace drawbridge::cli {

enum class Shell { bash, zsh, fish };

struct CompletedOption {
  std::vector<std::string> names;  // with their dashes
  std::string description;
  bool takes_value = false;
  bool takes_file = false;          // the value is a file or folder
  std::vector<std::string> values;  // the closed list of values; empty: none
};

struct CompletedCommand {
  std::string path;  // "", "pair", "devices forget"
  std::vector<std::pair<std::string, std::string>> inner;  // name and description of its subcommands
  std::vector<CompletedOption> options;
  bool takes_file = false;  // as an argument without a name
};

// Every command, a parent before its subcommands; the options of the whole program stand in each.
std::vector<CompletedCommand> completed_commands(const CLI::App& app);

// A whole completion script, to be put where the shell looks for one.
std::string completion_script(Shell shell, const std::vector<CompletedCommand>& commands);

}  // namespace drawbridge::cli
