#include "cli/command_table.hpp"

namespace drawbridge::cli {

CLI::App* CommandTable::add(const std::string& name, const std::string& description, Action action, CLI::App* parent) {
  CLI::App* command = (parent ? parent : &app_)->add_subcommand(name, description);
  command->final_callback([this, command, action = std::move(action)] {
    if (command->get_subcommands().empty()) chosen_ = action;
  });
  return command;
}

}  // namespace drawbridge::cli
