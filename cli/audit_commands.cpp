// audit show, verify, export: what happened, as JSON Lines or for people.
#include <fmt/format.h>

#include "cli/command_table.hpp"
#include "cli/interrupt.hpp"
#include "cli/json.hpp"
#include "cli/time_text.hpp"

namespace drawbridge::cli {
namespace {

using admin::Value;

struct Arguments {
  std::string from, to;
  bool follow = false;
};

Value time_or_null(const std::string& text, DateMeans bare_date) {
  return text.empty() ? Value() : Value(unwrap_argument(parse_time(text, bare_date)));
}

// "service=files bytes=1200": what a record says beyond its time and type.
std::string details(const Value& record) {
  std::string text;
  for (const auto& [key, value] : *record.as_map()) {
    bool shown_before = key == "seq" || key == "time" || key == "type" || key == "hash" || key == "record";
    if (shown_before || value.is_null() || (key == "device" && !record.text("device_name").empty())) continue;
    text += fmt::format("{}{}={}", text.empty() ? "" : "  ", key == "device_name" ? "device" : key,
                        value.as_text() ? *value.as_text() : to_json(value));
  }
  return text;
}

void show_record(Session& session, const Value& record) {
  if (!record.is_map() || session.out.document(record)) return;
  session.out.line(fmt::format("{:>6}  {}  {:<20}  {}", record.uint("seq").value_or(0), local_time(record.text("time")),
                               record.text("type"), details(record)));
}

ExitCode stream(Session& session, const std::string& command, const Value& request, bool as_lines) {
  Interrupt interrupt;
  AdminClient client(session.state);
  client.send(command, request);
  do {
    auto records = client.receive({}, interrupt.descriptor());
    if (!records) break;
    for (const Value& record : records->items()) {
      if (as_lines)
        session.out.raw(to_json(record) + "\n");
      else
        show_record(session, record);
    }
  } while (client.more());
  return ExitCode::done;
}

ExitCode show(Session& session, const Arguments& arguments) {
  Value request = Value::map({{"from", time_or_null(arguments.from, DateMeans::start_of_day)},
                              {"to", time_or_null(arguments.to, DateMeans::end_of_day)},
                              {"follow", arguments.follow}});
  return stream(session, "audit.show", request, false);
}

ExitCode export_records(Session& session, const Arguments& arguments) {
  Value request = Value::map({{"from", time_or_null(arguments.from, DateMeans::start_of_day)},
                              {"to", time_or_null(arguments.to, DateMeans::end_of_day)}});
  return stream(session, "audit.export", request, true);
}

ExitCode verify(Session& session) {
  Value result = session.ask("audit.verify", {}, "Checking the records");
  bool whole = result.flag("ok");
  if (session.out.document(result)) return whole ? ExitCode::done : ExitCode::failed;
  if (whole) {
    session.out.line(fmt::format("All {} records are whole and in order.", result.uint("records").value_or(0)));
    return ExitCode::done;
  }
  throw CommandFailed(
      ErrorCode::malformed,
      fmt::format("The records do not fit together from number {} on.", result.uint("broken_at").value_or(0)),
      "Compare with an export or a backup made earlier; somebody or something has changed them.");
}

void add_dates(CLI::App* command, const std::shared_ptr<Arguments>& arguments) {
  command->add_option("--from", arguments->from, "First day or time")->type_name("DATE");
  command->add_option("--to", arguments->to, "Last day or time")->type_name("DATE");
}

}  // namespace

void add_audit_commands(CommandTable& table) {
  auto arguments = std::make_shared<Arguments>();
  auto* audit = table.add("audit", "Who had access, when and to what", nullptr);
  audit->require_subcommand(1);
  auto* show_command = table.add(
      "show", "Print the records", [arguments](Session& session) { return show(session, *arguments); }, audit);
  add_dates(show_command, arguments);
  show_command->add_flag("--follow", arguments->follow, "Go on with new records until interrupted");
  table.add("verify", "Check that no record was changed or taken away", verify, audit);
  auto* export_command = table.add(
      "export", "Print the records as JSON Lines with the bytes that are chained",
      [arguments](Session& session) { return export_records(session, *arguments); }, audit);
  add_dates(export_command, arguments);
}

}  // namespace drawbridge::cli
