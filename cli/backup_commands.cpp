// backup and restore: the file is read and written here, its content is the daemon's.
#include <fmt/format.h>

#include "cli/atomic_file.hpp"
#include "cli/command_table.hpp"

namespace drawbridge::cli {
namespace {

using admin::Value;

ExitCode backup(Session& session, const std::string& file) {
  Value result = session.ask("backup", {}, "Sealing the backup");
  const Value* content = result.find("content");
  if (!content || !content->as_bytes())
    throw CommandFailed(ErrorCode::internal, "The backup was empty.", "Please report it.");
  const Bytes& bytes = *content->as_bytes();
  write_file_atomically(file, bytes, 0600, Existing::replace);
  if (session.out.document(
          Value::map({{"file", file}, {"bytes", uint64_t{bytes.size()}}, {"created_at", result.text("created_at")}})))
    return ExitCode::done;
  session.out.line(fmt::format("The backup is in {} ({} bytes). Only the 24 words open it: keep them elsewhere.", file,
                               bytes.size()));
  return ExitCode::done;
}

ExitCode restore(Session& session, const std::string& file) {
  Bytes content = read_file(file, admin::max_frame_length - 64);
  Value result = session.ask("restore", Value::map({{"content", content}}), "Restoring");
  if (session.out.document(result)) return ExitCode::done;
  session.out.line(fmt::format("Restored: {} devices, {} offices, {} services.", result.uint("devices").value_or(0),
                               result.uint("offices").value_or(0), result.uint("services").value_or(0)));
  return ExitCode::done;
}

ExitCode take_over(Session& session) {
  Value result = session.ask("take_over", {}, "Taking over");
  if (session.out.document(result)) return ExitCode::done;
  session.out.line(fmt::format("This computer is {} now. Stop the other copy: it lets nobody in any more.", result.text("name")));
  return ExitCode::done;
}

}  // namespace

void add_backup_commands(CommandTable& table) {
  auto target = std::make_shared<std::string>();
  auto* backup_command = table.add("backup", "Write everything but the words to a sealed file",
                                   [target](Session& session) { return backup(session, *target); });
  backup_command->add_option("FILE", *target)->required();
  auto source = std::make_shared<std::string>();
  auto* restore_command = table.add("restore", "Bring a backup back, after init --restore with the same words",
                                    [source](Session& session) { return restore(session, *source); });
  restore_command->add_option("FILE", *source)->required();
  table.add("take-over", "Say that this computer is the office, when a copy of it runs elsewhere", take_over);
}

}  // namespace drawbridge::cli
