#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ostream>

#include "cli/command_table.hpp"
#include "protocol/admin/state_directory.hpp"

namespace drawbridge::cli {
namespace {

constexpr const char* version = "drawbridge " DRAWBRIDGE_VERSION;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::string state_directory(const std::string& flag) {
  admin::StateChoice choice{flag, environment("DRAWBRIDGE_STATE"), false, environment("XDG_STATE_HOME"),
                            environment("HOME")};
  choice.system_socket_opens =
      flag.empty() && choice.environment.empty() && control_socket_opens(admin::system_state_directory);
  return unwrap(admin::choose_state_directory(choice));
}

void add_all(CommandTable& table) {
  add_identity_commands(table);
  add_passphrase_commands(table);
  add_status_commands(table);
  add_wait_command(table);
  add_service_commands(table);
  add_pair_command(table);
  add_join_commands(table);
  add_device_commands(table);
  add_connect_command(table);
  add_relay_commands(table);
  add_address_commands(table);
  add_why_commands(table);
  add_netcheck_command(table);
  add_audit_commands(table);
  add_backup_commands(table);
  add_demo_command(table);
  add_completion_command(table);
}

// CLI11 wants the arguments in reverse.
void parse(CLI::App& app, std::vector<std::string> arguments) {
  std::reverse(arguments.begin(), arguments.end());
  app.parse(arguments);
}

// "drawbridge pair", for as much of the command as was understood.
std::string command_so_far(const CLI::App& app) {
  std::string text = app.get_name();
  for (const CLI::App* command = &app; !command->get_subcommands().empty();) {
    command = command->get_subcommands().front();
    text += " " + command->get_name();
  }
  return text;
}

// The first word that is neither an option nor --state's value; empty if there is none.
std::string first_word(const std::vector<std::string>& arguments) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--state")
      ++i;
    else if (!arguments[i].starts_with('-'))
      return arguments[i];
  }
  return "";
}

CommandFailed misunderstood(const CLI::App& app, const std::vector<std::string>& arguments, const std::string& what) {
  std::string word = first_word(arguments);
  if (app.get_subcommands().empty() && !word.empty()) return usage_error("There is no command “" + word + "”.");
  return {ExitCode::usage, {"usage", what + ".", "See " + command_so_far(app) + " --help."}};
}

int finish(Output& output, const CommandFailed& failed) {
  output.failure(failed.failure());
  return static_cast<int>(failed.exit());
}

}  // namespace

int run(const std::vector<std::string>& arguments, std::istream& in, std::ostream& out, std::ostream& err,
        Terminal terminal) {
  CLI::App app{"Reach your office computer from your own devices, and from nothing else.", "drawbridge"};
  std::string state_flag;
  bool json = false;
  app.fallthrough();
  app.require_subcommand(1);
  app.set_version_flag("--version", version);
  app.add_option("--state", state_flag, "Folder of this node's state")->type_name("DIR");
  app.add_flag("--json", json, "Print one JSON document and nothing else");
  CommandTable table(app);
  add_all(table);
  try {
    parse(app, arguments);
  } catch (const CLI::Success& asked) {
    return app.exit(asked, out, err);
  } catch (const CLI::Error& error) {
    bool wants_json = std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
    Output output(out, err, wants_json, terminal);
    if (arguments.empty()) output.note(app.help());
    return finish(output, misunderstood(app, arguments, error.what()));
  }
  Output output(out, err, json, terminal);
  try {
    Session session{output, err, in, state_directory(state_flag)};
    return static_cast<int>(table.chosen()(session));
  } catch (const CommandFailed& failed) {
    return finish(output, failed);
  } catch (const std::exception& fault) {
    return finish(output, {ErrorCode::internal, std::string("Drawbridge made a mistake: ") + fault.what() + ".",
                           "Please report it."});
  }
}

}  // namespace drawbridge::cli
