// wait: what scripts use instead of sleeping.
#include <fmt/format.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "cli/command_table.hpp"
#include "cli/progress.hpp"
#include "cli/time_text.hpp"

namespace drawbridge::cli {
namespace {

using admin::Value;
using namespace std::chrono_literals;

struct Arguments {
  bool ready = false, paired = false;
  std::string connected;
  std::string timeout = "30s";
};

Value condition(const Arguments& arguments) {
  if (!arguments.connected.empty()) return Value::map({{"for", "connected"}, {"office", arguments.connected}});
  return Value::map({{"for", arguments.paired ? "paired" : "ready"}, {"office", nullptr}});
}

CommandFailed timed_out(const Arguments& arguments) {
  return {ExitCode::timed_out,
          {"timed_out", fmt::format("It did not happen within {}.", arguments.timeout),
           "See drawbridge status, or wait longer with --timeout."}};
}

// Wakes when a file appears in the state directory, or after a moment in case the directory itself is not there yet.
class DirectoryWatch {
 public:
  explicit DirectoryWatch(const std::string& path) : descriptor_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    inotify_add_watch(descriptor_, path.c_str(), IN_CREATE | IN_MOVED_TO | IN_ATTRIB);
  }
  ~DirectoryWatch() { close(descriptor_); }
  DirectoryWatch(const DirectoryWatch&) = delete;
  void wait() const {
    pollfd waiting{descriptor_, POLLIN, 0};
    poll(&waiting, 1, 50);
  }

 private:
  int descriptor_;
};

// The result, or nothing if the daemon is not there (any more): a daemon that is about to start counts as waiting.
std::optional<Value> ask_once(Session& session, const Arguments& arguments, Clock::time_point deadline) {
  try {
    AdminClient client(session.state);
    client.send("wait", condition(arguments));
    auto result = session.await(client, "Waiting", deadline);
    if (!result) throw timed_out(arguments);
    return result;
  } catch (const CommandFailed& failed) {
    if (failed.exit() == ExitCode::daemon_not_running || failed.failure().code == "closed") return {};
    throw;
  }
}

Value wait_for(Session& session, const Arguments& arguments, Clock::time_point deadline) {
  Progress progress(session.err, session.out.terminal().progress && !session.out.json(),
                    "Waiting for Drawbridge to start");
  DirectoryWatch watch(session.state);
  while (true) {
    if (auto result = ask_once(session, arguments, deadline)) return *result;
    if (Clock::now() >= deadline) throw timed_out(arguments);
    watch.wait();
    progress.tick();
  }
}

ExitCode wait(Session& session, const Arguments& arguments) {
  auto deadline = Clock::now() + unwrap_argument(parse_duration(arguments.timeout));
  Value result = wait_for(session, arguments, deadline);
  if (session.out.document(result)) return ExitCode::done;
  if (result.text("for") == "ready") session.out.line("Drawbridge is running.");
  if (result.text("for") == "connected") session.out.line(fmt::format("Connected to {}.", result.text("name")));
  if (result.text("for") == "paired") session.out.line(fmt::format("Paired with {}.", result.text("name")));
  return ExitCode::done;
}

}  // namespace

void add_wait_command(CommandTable& table) {
  auto arguments = std::make_shared<Arguments>();
  auto* command = table.add("wait", "Wait until something is true, instead of sleeping",
                            [arguments](Session& session) { return wait(session, *arguments); });
  auto* what = command->add_option_group("what", "What to wait for (default: --ready)");
  what->add_flag("--ready", arguments->ready, "The daemon serves");
  what->add_option("--connected", arguments->connected, "This office (or device) is connected")->type_name("OFFICE");
  what->add_flag("--paired", arguments->paired, "At least one device or office is paired");
  what->require_option(0, 1);
  command->add_option("--timeout", arguments->timeout, "Give up after this time")->capture_default_str();
}

}  // namespace drawbridge::cli
