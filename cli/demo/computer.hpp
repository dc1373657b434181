// One of the demonstration's computers: a state folder of its own and a drawbridged process on the loopback.
#pragma once

#include <sys/types.h>

#include <string>

#include "cli/admin_client.hpp"

namespace drawbridge::cli::demo {

class Computer {
 public:
  // Makes its identity below `folder`. Throws CommandFailed.
  Computer(const std::string& folder, std::string name);
  // Ends the process if it still runs.
  ~Computer();
  Computer(const Computer&) = delete;
  Computer& operator=(const Computer&) = delete;

  // Starts the daemon and returns when it serves. Throws CommandFailed if it does not within five seconds.
  void start();
  // SIGKILL: as a power cut.
  void kill();
  // SIGTERM, and waits for the end.
  void stop();

  // One request, at most ten seconds. Throws CommandFailed, with `timed_out` if it takes longer.
  admin::Value ask(const std::string& command, admin::Value args = {});

 private:
  void end(int signal);

  std::string name_, state_, log_;
  pid_t process_ = -1;
};

}  // namespace drawbridge::cli::demo
