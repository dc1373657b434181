// The commands: each group file adds its own to the table; CLI11 reads the arguments.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/session.hpp"

namespace drawbridge::cli {

using Action = std::function<ExitCode(Session&)>;

class CommandTable {
 public:
  explicit CommandTable(CLI::App& app) : app_(app) {}

  // A subcommand of drawbridge, or of `parent`. `action` runs after parsing if this is the innermost command given.
  CLI::App* add(const std::string& name, const std::string& description, Action action, CLI::App* parent = nullptr);

  // All commands, for what describes them.
  const CLI::App& app() const { return app_; }
  // The action that the command line asked for; empty before parsing.
  const Action& chosen() const { return chosen_; }

 private:
  CLI::App& app_;
  Action chosen_;
};

void add_identity_commands(CommandTable& table);  // init
void add_passphrase_commands(CommandTable& table);  // passphrase, unlock
void add_status_commands(CommandTable& table);    // status, ping
void add_wait_command(CommandTable& table);       // wait
void add_service_commands(CommandTable& table);   // expose, unexpose, services, open
void add_device_commands(CommandTable& table);    // devices, allow, deny, rename, revoke
void add_pair_command(CommandTable& table);       // pair
void add_join_commands(CommandTable& table);      // join, leave
void add_connect_command(CommandTable& table);    // connect
void add_audit_commands(CommandTable& table);     // audit show|verify|export
void add_relay_commands(CommandTable& table);     // relay add|remove|list
void add_address_commands(CommandTable& table);   // address add|remove
void add_netcheck_command(CommandTable& table);   // netcheck
void add_why_commands(CommandTable& table);       // why, debug dump
void add_backup_commands(CommandTable& table);    // backup, restore
void add_demo_command(CommandTable& table);       // demo
void add_completion_command(CommandTable& table);  // completion

// The whole program but for the process: parses, runs, prints; never throws. `arguments` without the program's name.
int run(const std::vector<std::string>& arguments, std::istream& in, std::ostream& out, std::ostream& err,
        Terminal terminal);

}  // namespace drawbridge::cli
