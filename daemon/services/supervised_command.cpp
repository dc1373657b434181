#include "daemon/services/supervised_command.hpp"

#include <pwd.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>

#include "daemon/io/stream_socket.hpp"
#include "daemon/io/system_error.hpp"

namespace drawbridge {
namespace {

constexpr Duration look_every = 100ms;
constexpr size_t longest_socket_path = 107;

uint16_t free_port() {
  auto probe = listen_tcp(SocketAddress::v4(127, 0, 0, 1, 0));
  return probe ? own_address(probe->get()).port : 0;
}

// What programs need to run, and nothing of ours: no credentials, no settings of this daemon.
std::map<std::string, std::string> environment(const std::string& folder) {
  std::map<std::string, std::string> out = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"HOME", folder}};
  for (const char* kept : {"PATH", "LANG", "LC_ALL", "TZ", "HOME", "USER"}) {
    if (const char* value = std::getenv(kept)) out[kept] = value;
  }
  return out;
}

std::string how(int code, int signal) {
  return signal ? "was ended by signal " + std::to_string(signal) : "ended with code " + std::to_string(code);
}

}  // namespace

SupervisedCommand::SupervisedCommand(Loop& loop, Settings settings, Callbacks callbacks)
    : loop_(loop),
      settings_(std::move(settings)),
      callbacks_(std::move(callbacks)),
      pause_(settings_.first_pause),
      start_again_(loop, [this] { start(); }),
      look_again_(loop, [this] { look(); }) {
  start();
}

SupervisedCommand::~SupervisedCommand() = default;

bool SupervisedCommand::prepare() {
  if (mkdir(settings_.folder.c_str(), 0700) != 0 && errno != EEXIST) {
    again("Its folder " + settings_.folder + " cannot be made: " + system_text(errno) + ".");
    return false;
  }
  unlink(socket_path().c_str());
  port_ = free_port();
  return true;
}

void SupervisedCommand::start() {
  if (!prepare()) return;
  ChildProcess::Settings child{settings_.command_line, settings_.folder, environment(settings_.folder), settings_.outside};
  child.environment["PORT"] = std::to_string(port_);
  child.environment["DRAWBRIDGE_SERVICE"] = settings_.service;
  if (socket_path().size() <= longest_socket_path) child.environment["DRAWBRIDGE_SOCKET"] = socket_path();
  cause_ = "The command was started and does not listen yet, neither at port " + std::to_string(port_) + " nor at its socket.";
  started_at_ = loop_.now().boot;
  auto started = ChildProcess::start(loop_, child,
                                     {[this](const std::string& line) {
                                        if (ending_) return;
                                        last_line_ = line;
                                        callbacks_.said(line);
                                      },
                                      [this](int code, int signal) { ended(code, signal); }});
  if (!started) return again(started.error().message);
  child_ = started.take();
  look();
}

void SupervisedCommand::look() {
  Instant now = loop_.now().boot;
  auto late = std::partition(waiting_.begin(), waiting_.end(), [&](const Waiting& each) { return now < each.until; });
  std::vector<Waiting> given_up(std::make_move_iterator(late), std::make_move_iterator(waiting_.end()));
  waiting_.erase(late, waiting_.end());
  for (Waiting& each : given_up) each.done(Error{ErrorCode::unreachable, cause_, "See the daemon's log for what the command says."});
  if (!serving_ && child_ && child_->running()) {
    if (connect_unix(socket_path()).state == ConnectState::connected) {
      serving_ = Target{Target::Kind::unix_socket, "", 0, socket_path(), false};
    } else if (connect_tcp(SocketAddress::v4(127, 0, 0, 1, port_)).state == ConnectState::connected) {
      serving_ = Target{Target::Kind::tcp, "127.0.0.1", port_, "", false};
    }
    if (serving_) {
      cause_.clear();
      callbacks_.ready();
      answer(*serving_);
    }
  }
  if (!serving_ || !waiting_.empty()) look_again_.start(look_every);
}

void SupervisedCommand::ended(int code, int signal) {
  if (ending_) return;
  std::string cause = "The command " + how(code, signal) + (last_line_.empty() ? "." : "; it said last: " + last_line_);
  bool steady = loop_.now().boot - started_at_ >= settings_.steady_after;
  if (steady) pause_ = settings_.first_pause;
  again(cause);
}

void SupervisedCommand::again(const std::string& cause) {
  serving_.reset();
  cause_ = cause;
  callbacks_.down(cause);
  start_again_.start(pause_);
  pause_ = std::min(pause_ * 2, settings_.longest_pause);
}

void SupervisedCommand::when_ready(Duration patience, Waiter done) {
  if (serving_) return done(*serving_);
  waiting_.push_back({loop_.now().boot + patience, std::move(done)});
  look_again_.start(look_every);
}

void SupervisedCommand::answer(const Result<Target>& result) {
  for (Waiting& each : std::exchange(waiting_, {})) each.done(result);
}

std::string SupervisedCommand::cause() const { return cause_; }

void SupervisedCommand::end() {
  ending_ = true;
  start_again_.stop();
  look_again_.stop();
  waiting_.clear();
  if (child_) child_->end();
}

void SupervisedCommand::end_now() {
  end();
  if (child_) child_->end_now();
}

}  // namespace drawbridge
