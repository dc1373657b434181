// devices, allow, deny, rename, revoke: who may come in, and to what.
#include <fmt/format.h>

#include "cli/command_table.hpp"
#include "cli/status_text.hpp"
#include "cli/time_text.hpp"

namespace drawbridge::cli {
namespace {

using admin::Value;

struct Arguments {
  std::string device, name, until, reason;
  std::vector<std::string> services;
};

Value list(const std::vector<std::string>& texts) {
  Value::Array items;
  for (const std::string& text : texts) items.emplace_back(text);
  return items;
}

Value text_or_null(const std::string& text) {
  return text.empty() ? Value() : Value(text);
}

ExitCode devices(Session& session) {
  Value result = session.ask("devices");
  if (session.out.document(result)) return ExitCode::done;
  if (result.items().empty()) session.out.line("No device is paired. Invite one: drawbridge pair");
  if (result.items().empty()) return ExitCode::done;
  for (const std::string& line : lines_of(device_table(result.items(), now_unix_ms()), session.out))
    session.out.line(line);
  return ExitCode::done;
}

ExitCode forget(Session& session, const Arguments& arguments) {
  Value result = session.ask("devices.forget", Value::map({{"device", arguments.device}}));
  if (!session.out.document(result)) session.out.line(fmt::format("{} is off the list.", result.text("name")));
  return ExitCode::done;
}

ExitCode reset_counter(Session& session, const Arguments& arguments) {
  Value result = session.ask("devices.reset_counter", Value::map({{"device", arguments.device}}));
  if (!session.out.document(result))
    session.out.line(fmt::format("{} may connect again, whatever its clock says.", result.text("name")));
  return ExitCode::done;
}

ExitCode show_grants(Session& session, const Value& device) {
  if (!session.out.document(device))
    session.out.line(fmt::format("{} may reach: {}.", device.text("name"), describe_grants(device)));
  return ExitCode::done;
}

ExitCode allow(Session& session, const Arguments& arguments) {
  Value until;
  if (!arguments.until.empty()) until = unwrap_argument(parse_time(arguments.until, DateMeans::end_of_day));
  return show_grants(session, session.ask("allow", Value::map({{"device", arguments.device},
                                                               {"services", list(arguments.services)},
                                                               {"until", until}})));
}

ExitCode deny(Session& session, const Arguments& arguments) {
  return show_grants(
      session, session.ask("deny", Value::map({{"device", arguments.device}, {"services", list(arguments.services)}})));
}

ExitCode rename(Session& session, const Arguments& arguments) {
  Value result = session.ask("rename", Value::map({{"device", arguments.device}, {"name", arguments.name}}));
  if (!session.out.document(result)) session.out.line(fmt::format("It is called {} now.", result.text("name")));
  return ExitCode::done;
}

ExitCode revoke(Session& session, const Arguments& arguments) {
  Value result =
      session.ask("revoke", Value::map({{"device", arguments.device}, {"reason", text_or_null(arguments.reason)}}));
  if (!session.out.document(result)) {
    session.out.line(fmt::format("{} is revoked: its connections are ended and it can no longer reach this office.",
                                 result.text("name")));
  }
  return ExitCode::done;
}

using Command = ExitCode (*)(Session&, const Arguments&);

// A command whose first argument is a device.
CLI::App* add_for_device(CommandTable& table, const char* name, const char* description,
                         const std::shared_ptr<Arguments>& arguments, Command command, CLI::App* parent = nullptr) {
  auto* added = table.add(
      name, description, [arguments, command](Session& session) { return command(session, *arguments); }, parent);
  added->add_option("DEVICE", arguments->device, "Its name, id or the beginning of its id")->required();
  return added;
}

}  // namespace

void add_device_commands(CommandTable& table) {
  auto arguments = std::make_shared<Arguments>();
  auto* devices_command = table.add("devices", "Who is paired with this office, and what each may reach", devices);
  devices_command->require_subcommand(0, 1);
  add_for_device(table, "forget", "Take a revoked device off the list", arguments, forget, devices_command);
  add_for_device(table, "reset-counter", "Let a device in whose clock went back", arguments, reset_counter,
                 devices_command);

  auto* allow_command = add_for_device(table, "allow", "Let a device reach services", arguments, allow);
  allow_command->add_option("SERVICE", arguments->services, "Names, or * for all")->required();
  allow_command->add_option("--until", arguments->until, "End date (that day included) or time")->type_name("DATE");
  auto* deny_command = add_for_device(table, "deny", "Take services away from a device", arguments, deny);
  deny_command->add_option("SERVICE", arguments->services, "Names, or * for all")->required();

  auto* rename_command = add_for_device(table, "rename", "Give a device another name", arguments, rename);
  rename_command->add_option("NAME", arguments->name)->required();

  auto* revoke_command = add_for_device(table, "revoke", "End a lost device's access at once", arguments, revoke);
  revoke_command->add_option("--reason", arguments->reason, "Kept in the audit log")->type_name("TEXT");
}

}  // namespace drawbridge::cli
