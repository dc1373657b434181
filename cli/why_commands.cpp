// why, debug dump.
#include <fmt/format.h>

#include "cli/command_table.hpp"
#include "cli/json.hpp"
#include "cli/status_text.hpp"
#include "cli/wrapped_text.hpp"

namespace drawbridge::cli {
namespace {

using admin::Value;

ExitCode why(Session& session, const std::string& peer) {
  Value result = session.ask("why", Value::map({{"peer", peer}}), fmt::format("Asking {}", peer));
  if (session.out.document(result)) return ExitCode::done;
  std::string who = session.out.toned(result.text("name"), Tone::strong);
  const Value* path = result.find("path");
  bool connected = path && path->is_map();
  write_wrapped(session.out, who + ": " + result.text("sentence"));
  if (connected) session.out.line(describe_path(*path) + describe_quality(*path));
  if (!result.text("remedy").empty()) {
    session.out.line();
    write_wrapped(session.out, "What helps: " + result.text("remedy"));
  }
  return ExitCode::done;
}

ExitCode dump(Session& session, const std::string& peer) {
  Value args = peer.empty() ? Value::map() : Value::map({{"peer", peer}});
  Value result = session.ask("debug.dump", args);
  if (!session.out.document(result)) session.out.raw(to_json(result, 2) + "\n");
  return ExitCode::done;
}

}  // namespace

void add_why_commands(CommandTable& table) {
  auto peer = std::make_shared<std::string>();
  auto* why_command = table.add("why", "Why an office (or a device) is reached as it is, or not at all, and what helps",
                                [peer](Session& session) { return why(session, *peer); });
  why_command->add_option("OFFICE", *peer, "An office's name, or on an office a device's")->required();

  CLI::App* debug = table.add("debug", "For those who look for a fault", nullptr);
  debug->require_subcommand(1);
  auto dumped = std::make_shared<std::string>();
  auto* dump_command = table.add("dump", "Every address pair that was tried and what came of it, as JSON; no secrets",
                                 [dumped](Session& session) { return dump(session, *dumped); }, debug);
  dump_command->add_option("OFFICE", *dumped, "Only this one");
}

}  // namespace drawbridge::cli
