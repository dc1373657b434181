// address add, address remove.
#include <fmt/format.h>

#include "cli/command_table.hpp"
#include "cli/wrapped_text.hpp"

namespace drawbridge::cli {
namespace {

using admin::Value;

ExitCode add(Session& session, const std::string& text) {
  Value address = session.ask("address.add", Value::map({{"address", text}}), "Looking the name up");
  if (session.out.document(address)) return ExitCode::done;
  std::string cause = address.text("cause");
  if (!cause.empty()) {
    write_wrapped(session.out, cause + " It is kept, and looked up again every few minutes.");
    return ExitCode::done;
  }
  write_wrapped(session.out, "Devices will be told this address, and codes made from now on name it. See that the router "
                             "passes what arrives there on to this computer.");
  return ExitCode::done;
}

ExitCode remove(Session& session, const std::string& text) {
  Value result = session.ask("address.remove", Value::map({{"address", text}}));
  if (!session.out.document(result)) session.out.line("Devices are no longer told this address.");
  return ExitCode::done;
}

CLI::App* add_one(CommandTable& table, CLI::App* parent, const char* name, const char* description,
                  ExitCode (*action)(Session&, const std::string&)) {
  auto text = std::make_shared<std::string>();
  auto* command = table.add(name, description, [text, action](Session& session) { return action(session, *text); }, parent);
  command->add_option("ADDRESS", *text, "HOST:PORT, such as office.example.org:7470 or 203.0.113.7:7470")->required();
  return command;
}

}  // namespace

void add_address_commands(CommandTable& table) {
  CLI::App* address = table.add("address", "Ports forwarded to this office by hand", nullptr);
  address->require_subcommand(1);
  add_one(table, address, "add", "Tell devices an address where a router passes packets on to this office", add);
  add_one(table, address, "remove", "Do not tell devices this address any more", remove);
}

}  // namespace drawbridge::cli
