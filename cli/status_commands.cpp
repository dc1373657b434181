// status, ping.
#include <fmt/format.h>

#include "cli/command_table.hpp"
#include "cli/interrupt.hpp"
#include "cli/status_text.hpp"
#include "cli/time_text.hpp"

namespace drawbridge::cli {
namespace {

using admin::Value;

struct StatusArguments {
  bool watch = false;
};

void show_status(Session& session, const Value& status) {
  if (session.out.document(status)) return;
  for (const std::string& line : describe_status(status, now_unix_ms(), session.out)) session.out.line(line);
}

void show_transitions(Session& session, const Value& status) {
  std::vector<std::string> lines = describe_transitions(status, session.out);
  if (lines.empty()) return;
  session.out.line();
  session.out.line(session.out.toned("CHANGES OF PATHS", Tone::faint));
  for (const std::string& line : lines) session.out.line(line);
}

ExitCode watch_status(Session& session) {
  Interrupt interrupt;
  AdminClient client(session.state);
  client.send("status", Value::map({{"watch", true}}));
  while (auto status = client.receive({}, interrupt.descriptor())) {
    if (session.out.terminal().interactive && !session.out.json()) session.out.raw("\x1b[H\x1b[2J");
    show_status(session, *status);
    show_transitions(session, *status);
    if (!client.more()) break;
    if (!session.out.terminal().interactive) session.out.line();
  }
  return ExitCode::done;
}

ExitCode status(Session& session, const StatusArguments& arguments) {
  if (arguments.watch) return watch_status(session);
  show_status(session, session.ask("status"));
  return ExitCode::done;
}

struct PingArguments {
  std::string office;
  std::string timeout = "5s";
};

ExitCode ping(Session& session, const PingArguments& arguments) {
  int64_t timeout_ms = unwrap_argument(parse_duration(arguments.timeout)).count();
  Value result = session.ask("ping", Value::map({{"office", arguments.office}, {"timeout_ms", timeout_ms}}),
                             fmt::format("Waiting for {}", arguments.office));
  if (session.out.document(result)) return ExitCode::done;
  const Value* path = result.find("path");
  session.out.line(fmt::format("{} answered in {:.2f} ms{}.", result.text("name"), result.real("rtt_ms").value_or(0),
                               path && path->is_map() ? ", " + describe_path(*path) : ""));
  return ExitCode::done;
}

}  // namespace

void add_status_commands(CommandTable& table) {
  auto status_arguments = std::make_shared<StatusArguments>();
  auto* status_command = table.add("status", "Who is connected, by which path, and what is shared",
                                   [status_arguments](Session& session) { return status(session, *status_arguments); });
  status_command->add_flag("--watch", status_arguments->watch, "Show every change until interrupted");

  auto ping_arguments = std::make_shared<PingArguments>();
  auto* ping_command = table.add("ping", "Ask an office (or a device) for a fresh, sealed answer",
                                 [ping_arguments](Session& session) { return ping(session, *ping_arguments); });
  ping_command->add_option("OFFICE", ping_arguments->office)->required();
  ping_command->add_option("--timeout", ping_arguments->timeout, "Give up after this time")->capture_default_str();
}

}  // namespace drawbridge::cli
