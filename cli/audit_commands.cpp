// audit show, verify, export, prune: what happened, as JSON Lines or for people.
#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/command_table.hpp"
#include "cli/interrupt.hpp"
#include "cli/json.hpp"
#include "cli/time_text.hpp"

namespace drawbridge::cli {
namespace {

using admin::Value;

struct Arguments {
  std::string from, to, before;
  bool follow = false, csv = false;
  std::vector<std::string> heads;
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

enum class Form { people, lines, csv };

// RFC 4180. What a spreadsheet would take for a formula is made text by an apostrophe: names come from devices.
std::string csv_field(const Value& value) {
  std::string text = value.is_null() ? "" : value.as_text() ? *value.as_text() : to_json(value);
  if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos) text.insert(0, 1, '\'');
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

std::string csv_line(const Value& record) {
  std::string line;
  for (const char* name : {"seq", "time", "type", "device", "device_name", "service", "detail", "bytes_sent", "bytes_received", "hash"}) {
    const Value* value = record.find(name);
    line += (line.empty() ? "" : ",") + (value ? csv_field(*value) : "");
  }
  return line + "\r\n";
}

ExitCode stream(Session& session, const std::string& command, const Value& request, Form form) {
  Interrupt interrupt;
  AdminClient client(session.state);
  client.send(command, request);
  do {
    auto records = client.receive({}, interrupt.descriptor());
    if (!records) break;
    for (const Value& record : records->items()) {
      if (form == Form::lines) session.out.raw(to_json(record) + "\n");
      else if (form == Form::csv) session.out.raw(csv_line(record));
      else show_record(session, record);
    }
  } while (client.more());
  return ExitCode::done;
}

ExitCode show(Session& session, const Arguments& arguments) {
  Value request = Value::map({{"from", time_or_null(arguments.from, DateMeans::start_of_day)},
                              {"to", time_or_null(arguments.to, DateMeans::end_of_day)},
                              {"follow", arguments.follow}});
  return stream(session, "audit.show", request, Form::people);
}

ExitCode export_records(Session& session, const Arguments& arguments) {
  Value request = Value::map({{"from", time_or_null(arguments.from, DateMeans::start_of_day)},
                              {"to", time_or_null(arguments.to, DateMeans::end_of_day)}});
  if (arguments.csv) session.out.raw("seq,time,type,device,device_name,service,detail,bytes_sent,bytes_received,hash\r\n");
  return stream(session, "audit.export", request, arguments.csv ? Form::csv : Form::lines);
}



// "SEQ:HASH" itself, or a file that `audit heads --json` of a device has written.
void add_noted(const std::string& text, Value& heads) {
  std::ifstream file(text);
  if (!file) return static_cast<void>(heads.push(text));
  auto noted = nlohmann::json::parse(file, nullptr, false);
  bool found = false;
  for (const auto& head : noted.is_array() ? noted : nlohmann::json::array()) {
    bool whole = head.is_object() && head.contains("seq") && head["seq"].is_number_unsigned() && head.contains("hash") && head["hash"].is_string();
    if (!whole) continue;
    found = true;
    heads.push(fmt::format("{}:{}", head["seq"].get<uint64_t>(), head["hash"].get<std::string>()));
  }
  if (!found) throw CommandFailed(ErrorCode::invalid_argument, text + " holds no heads.", "Make it on a device: drawbridge audit heads --json > FILE");
}

// What the checkpoint stands for, and which noted heads it leaves without an answer.
void say_what_was_pruned(Session& session, const Value& result) {
  const Value* checkpoint = result.find("checkpoint");
  if (!checkpoint || !checkpoint->is_map()) return;
  session.out.line(fmt::format("They go on from a checkpoint that this office signed {}: the records up to number {}, until {}, were pruned.",
                               local_time(checkpoint->text("time")), checkpoint->uint("seq").value_or(0), local_time(checkpoint->text("until"))));
  for (const Value& head : result.items("pruned_heads")) {
    session.out.line(fmt::format("The noted head {} is of a record that was pruned: nobody can say any more whether it was there. "
                                 "The last pruned record is number {}, {}.",
                                 to_json(head), checkpoint->uint("seq").value_or(0), checkpoint->text("hash")));
  }
}

ExitCode prune(Session& session, const Arguments& arguments) {
  Value request = Value::map({{"before", unwrap_argument(parse_time(arguments.before, DateMeans::start_of_day))}});
  Value result = session.ask("audit.prune", request, "Checking the records");
  if (session.out.document(result)) return ExitCode::done;
  const Value* checkpoint = result.find("checkpoint");
  session.out.line(fmt::format("{} records were pruned. A signed checkpoint stands for them: record {}, {}.", result.uint("pruned").value_or(0),
                               checkpoint ? checkpoint->uint("seq").value_or(0) : 0, checkpoint ? checkpoint->text("hash") : ""));
  return ExitCode::done;
}

ExitCode verify(Session& session, const Arguments& arguments) {
  Value heads = Value::array();
  for (const std::string& text : arguments.heads) add_noted(text, heads);
  Value request = arguments.heads.empty() ? Value::map({}) : Value::map({{"heads", std::move(heads)}});
  Value result = session.ask("audit.verify", request, "Checking the records");
  bool whole = result.flag("ok");
  if (session.out.document(result)) return whole ? ExitCode::done : ExitCode::failed;
  if (whole) {
    session.out.line(fmt::format("All {} records are whole and in order.", result.uint("records").value_or(0)));
    say_what_was_pruned(session, result);
    return ExitCode::done;
  }
  throw CommandFailed(
      ErrorCode::malformed,
      fmt::format("The records do not fit together from number {} on: {}.", result.uint("broken_at").value_or(0), result.text("cause")),
      "Compare with an export or a backup made earlier; somebody or something has changed them.");
}

ExitCode heads(Session& session) {
  Value result = session.ask("audit.heads");
  if (session.out.document(result)) return ExitCode::done;
  if (result.items().empty()) session.out.line("There is no record yet, and no office has told of one.");
  for (const Value& head : result.items()) {
    session.out.line(fmt::format("{}: record {}, {}, {}", head.text("office"), head.uint("seq").value_or(0), local_time(head.text("time")), head.text("hash")));
    const Value* disputed = head.find("disputed");
    if (disputed && !disputed->is_null())
      session.out.line(fmt::format("  DISPUTED: at {} the office told record {} with {}", local_time(disputed->text("time")),
                                   disputed->uint("seq").value_or(0), disputed->text("hash")));
  }
  return ExitCode::done;
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
  auto* verify_command = table.add(
      "verify", "Check that no record was changed or taken away", [arguments](Session& session) { return verify(session, *arguments); }, audit);
  verify_command->add_option("--head", arguments->heads, "A head noted elsewhere, which the trail must hold: SEQ:HASH, or a file of a device's 'audit heads --json'");
  table.add("heads", "The newest record's signed hash: of this office, and what this device has kept of others", heads, audit);
  auto* prune_command = table.add(
      "prune", "Replace old records by a signed checkpoint; for good", [arguments](Session& session) { return prune(session, *arguments); }, audit);
  prune_command->add_option("--before", arguments->before, "Records older than this go")->type_name("DATE")->required();
  auto* export_command = table.add(
      "export", "Print the records as JSON Lines with the bytes that are chained, or as CSV",
      [arguments](Session& session) { return export_records(session, *arguments); }, audit);
  add_dates(export_command, arguments);
  export_command->add_flag("--csv", arguments->csv, "For a spreadsheet: without the chained bytes");
}

}  // namespace drawbridge::cli
