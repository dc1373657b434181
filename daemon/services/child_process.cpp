#include "daemon/services/child_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <uv.h>

#include <algorithm>
#include <array>
#include <thread>
#include <vector>

#include "daemon/io/system_error.hpp"
#include "protocol/wire/utf8.hpp"

namespace drawbridge {
namespace {

constexpr Duration until_kill = 5s;
constexpr size_t longest_line = 1024;

std::vector<std::string> as_lines(const std::map<std::string, std::string>& environment) {
  std::vector<std::string> out;
  for (const auto& [name, value] : environment) out.push_back(name + "=" + value);
  return out;
}

std::vector<char*> as_pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

struct ChildProcess::Handle {
  uv_process_t process{};
  ChildProcess* owner = nullptr;
};

ChildProcess::ChildProcess(Loop& loop, FileDescriptor output, Callbacks callbacks)
    : output_(std::move(output)),
      callbacks_(std::move(callbacks)),
      watch_(loop, output_.get(), [this](unsigned) { read_output(); }),
      patience_(loop, [this] {
        if (pid_) kill(-pid_, SIGKILL);
      }) {
  watch_.want(FdWatch::readable);
}

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(Loop& loop, const Settings& settings, Callbacks callbacks) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return system_error("No pipe for a command", errno);
  FileDescriptor ours(ends[0]), theirs(ends[1]);
  fcntl(ours.get(), F_SETFL, O_NONBLOCK);
  std::unique_ptr<ChildProcess> child(new ChildProcess(loop, std::move(ours), std::move(callbacks)));

  // setpriv lets the kernel end the child with us, the shell sees to it that we have not ended before that, and then
  // becomes the program itself (exec).
  std::string still_ours = "[ $PPID = " + std::to_string(getpid()) + " ] || exit 1; ";
  std::vector<std::string> arguments = {"setpriv", "--pdeathsig", "KILL", "/bin/sh", "-c", still_ours + "exec " + settings.command_line};
  std::vector<std::string> environment = as_lines(settings.environment);
  auto argument_list = as_pointers(arguments), environment_list = as_pointers(environment);
  std::array<uv_stdio_container_t, 3> stdio{};
  stdio[0].flags = UV_IGNORE;
  for (size_t i : {1, 2}) {
    stdio[i].flags = UV_INHERIT_FD;
    stdio[i].data.fd = theirs.get();
  }
  uv_process_options_t options{};
  options.file = "/usr/bin/setpriv";
  options.args = argument_list.data();
  options.env = environment_list.data();
  options.cwd = settings.folder.c_str();
  options.flags = UV_PROCESS_DETACHED;  // a session, and so a group, of its own
  options.stdio = stdio.data();
  options.stdio_count = stdio.size();
  options.exit_cb = [](uv_process_t* process, int64_t code, int signal) {
    if (ChildProcess* owner = static_cast<Handle*>(process->data)->owner) owner->exited(static_cast<int>(code), signal);
  };
  auto* handle = new Handle;
  handle->process.data = handle;
  handle->owner = child.get();
  child->handle_ = handle;
  int error = 0;
  run_outside(settings.outside, [&] { error = uv_spawn(loop.raw(), &handle->process, &options); });
  if (error != 0) return system_error("The command cannot be started", -error);
  child->pid_ = handle->process.pid;
  return child;
}

ChildProcess::~ChildProcess() {
  callbacks_ = {};
  if (pid_) kill(-pid_, SIGKILL);
  if (!handle_) return;
  handle_->owner = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(&handle_->process), [](uv_handle_t* handle) { delete static_cast<Handle*>(handle->data); });
}

void ChildProcess::read_output() {
  std::array<char, 4096> buffer;
  ssize_t length = read(output_.get(), buffer.data(), buffer.size());
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (length <= 0) return watch_.close();
  unfinished_.append(buffer.data(), static_cast<size_t>(length));
  take_lines();
}

void ChildProcess::take_lines() {
  for (size_t end; (end = unfinished_.find('\n')) != std::string::npos;) {
    say(unfinished_.substr(0, end));
    unfinished_.erase(0, end + 1);
  }
  if (unfinished_.size() > longest_line) say(std::exchange(unfinished_, {}));
}

void ChildProcess::say(std::string line) {
  if (line.size() > longest_line) line.resize(longest_line);
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
  // It reaches terminals: nothing in it may steer one.
  if (!is_plain_text(line)) std::replace_if(line.begin(), line.end(), [](char c) { return c < 0x20 || c == 0x7f; }, ' ');
  if (!line.empty() && callbacks_.said) callbacks_.said(line);
}

void ChildProcess::exited(int code, int signal) {
  // What it has left behind ends, too, unless it is being ended patiently already.
  kill(-pid_, SIGTERM);
  pid_ = 0;
  patience_.stop();
  if (watch_) read_output();
  if (!unfinished_.empty()) say(std::exchange(unfinished_, {}));
  watch_.close();
  if (auto ended = callbacks_.ended) ended(code, signal);
}

void ChildProcess::end() {
  if (!pid_) return;
  kill(-pid_, SIGTERM);
  patience_.start(until_kill);
}

void ChildProcess::end_now() {
  if (!pid_) return;
  kill(-pid_, SIGTERM);
  constexpr auto step = std::chrono::milliseconds(10);
  for (auto waited = Duration::zero(); waited < until_kill && waitpid(pid_, nullptr, WNOHANG) == 0; waited += step) {
    std::this_thread::sleep_for(step);  // the loop does not run any more
  }
  kill(-pid_, SIGKILL);
  pid_ = 0;
}

}  // namespace drawbridge
