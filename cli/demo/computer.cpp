#include "cli/demo/computer.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "cli/failure.hpp"
#include "cli/identity_files.hpp"

namespace drawbridge::cli::demo {
namespace {

using namespace std::chrono_literals;

// Beside this program where it is installed, in its own folder where it was built; else wherever the PATH says.
std::string daemon_program() {
  std::error_code error;
  auto here = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  for (const auto& candidate : {here / "drawbridged", here / "../daemon/drawbridged"}) {
    if (access(candidate.c_str(), X_OK) == 0) return candidate.string();
  }
  return "drawbridged";
}

[[noreturn]] void become_daemon(const std::string& program, const std::string& state, const std::string& log) {
  int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600), input = open("/dev/null", O_RDONLY);
  dup2(input, STDIN_FILENO), dup2(output, STDOUT_FILENO), dup2(output, STDERR_FILENO);
  setpgid(0, 0);  // Ctrl-C reaches the demonstration, which ends its daemons itself
  execlp(program.c_str(), "drawbridged", "--state", state.c_str(), "--listen", "127.0.0.1:0", nullptr);
  _exit(127);
}

bool has_ended(pid_t process) {
  return waitpid(process, nullptr, WNOHANG) == process;
}

}  // namespace

Computer::Computer(const std::string& folder, std::string name)
    : name_(std::move(name)), state_(folder + "/" + name_), log_(state_ + ".log") {
  store_identity(state_, fresh_phrase(Language::english), name_);
}

Computer::~Computer() {
  end(SIGKILL);
}

void Computer::start() {
  std::string program = daemon_program();
  process_ = fork();
  if (process_ == 0) become_daemon(program, state_, log_);
  auto deadline = Clock::now() + 5s;
  while (!control_socket_opens(state_)) {
    if (has_ended(process_)) {
      process_ = -1;
      throw CommandFailed(ErrorCode::io, fmt::format("{} could not be started.", program),
                          "Check that drawbridged is installed beside drawbridge.");
    }
    if (Clock::now() > deadline)
      throw CommandFailed(ErrorCode::try_later, fmt::format("The {}'s daemon does not serve.", name_), "Try again.");
    poll(nullptr, 0, 1);
  }
  ask("wait", admin::Value::map({{"for", "ready"}}));
}

void Computer::kill() {
  end(SIGKILL);
}
void Computer::stop() {
  end(SIGTERM);
}

void Computer::end(int signal) {
  if (process_ < 0) return;
  ::kill(process_, signal);
  waitpid(process_, nullptr, 0);
  process_ = -1;
}

admin::Value Computer::ask(const std::string& command, admin::Value args) {
  AdminClient client(state_);
  client.send(command, std::move(args));
  if (auto result = client.receive(Clock::now() + 10s)) return *result;
  throw CommandFailed(
      ExitCode::timed_out,
      {"timed_out", fmt::format("The {} did not answer “{}” within 10 s.", name_, command), "Try again."});
}

}  // namespace drawbridge::cli::demo
