// SupervisedCommand: the program behind a `command:` target: started, watched until it serves, started again with growing
// pauses when it ends, and ended with its service.
//
// It is told where to listen: PORT (a free TCP port of 127.0.0.1) and DRAWBRIDGE_SOCKET (a Unix socket in its own folder,
// which no other user can reach). Whichever answers first is where its connections go.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/services/child_process.hpp"
#include "daemon/services/target.hpp"

namespace drawbridge {

class SupervisedCommand {
 public:
  struct Callbacks {
    std::function<void(const std::string& line)> said;
    std::function<void(const std::string& cause)> down;  // it has ended, or cannot be started; it is tried again
    std::function<void()> ready;
  };
  struct Settings {
    std::string service;
    std::string command_line;
    std::string folder;             // of its own, made if it is not there
    Outside* outside = nullptr;     // ChildProcess::Settings'
    Duration first_pause = 1s;      // before it is started again; doubled each time
    Duration longest_pause = 60s;
    Duration steady_after = 60s;    // having run for so long, the first pause is due again
  };

  SupervisedCommand(Loop& loop, Settings settings, Callbacks callbacks);
  ~SupervisedCommand();

  // Calls `done` once, when the program serves, with where, or after `patience` with why not. Not after destruction.
  using Waiter = std::function<void(Result<Target>)>;
  void when_ready(Duration patience, Waiter done);

  // Ends it with patience; nothing is called any more. Then destroy this once over().
  void end();
  bool over() const { return !child_ || !child_->running(); }
  // Why it does not serve; empty: it does.
  std::string cause() const;
  // Ends it and waits: before this process ends.
  void end_now();

 private:
  void start();
  bool prepare();
  void look();
  void ended(int code, int signal);
  void again(const std::string& cause);
  void answer(const Result<Target>& result);
  std::string socket_path() const { return settings_.folder + "/socket"; }

  struct Waiting {
    Instant until;
    Waiter done;
  };

  Loop& loop_;
  Settings settings_;
  Callbacks callbacks_;
  std::unique_ptr<ChildProcess> child_;
  uint16_t port_ = 0;
  std::optional<Target> serving_;
  std::string cause_;
  std::string last_line_;
  Instant started_at_{};
  Duration pause_;
  LocalTimer start_again_, look_again_;
  std::vector<Waiting> waiting_;
  bool ending_ = false;
};

}  // namespace drawbridge
