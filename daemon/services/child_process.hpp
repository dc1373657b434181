// ChildProcess: a program that this process has started, in a process group of its own, with what it says line by line.
//
// It does not outlive us, however we end (the kernel sees to the child itself, end() to its whole group).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "daemon/io/watch.hpp"
#include "daemon/sandbox/outside.hpp"
#include "keys/result.hpp"

namespace drawbridge {

class ChildProcess {
 public:
  struct Settings {
    std::string command_line;                        // for the shell
    std::string folder;                              // working directory, exists
    std::map<std::string, std::string> environment;  // all of it
    Outside* outside = nullptr;                      // to start it from, past the daemon's sandbox; null: there is none
  };
  struct Callbacks {
    std::function<void(const std::string& line)> said;  // at most 1 KiB of it, nothing but text
    std::function<void(int code, int signal)> ended;    // last call
  };

  static Result<std::unique_ptr<ChildProcess>> start(Loop& loop, const Settings& settings, Callbacks callbacks);
  // No callback comes any more. A child that still runs gets end(), without patience.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // SIGTERM to its whole group, and SIGKILL a few seconds later if something is left of it.
  void end();
  // The same, and waits for it: before this process ends.
  void end_now();
  bool running() const { return pid_ != 0; }

 private:
  struct Handle;
  ChildProcess(Loop& loop, FileDescriptor output, Callbacks callbacks);
  void read_output();
  void take_lines();
  void say(std::string line);
  void exited(int code, int signal);

  Handle* handle_ = nullptr;  // libuv's; freed by it
  int pid_ = 0;               // also of its group; 0: it has ended
  FileDescriptor output_;
  Callbacks callbacks_;
  FdWatch watch_;
  LocalTimer patience_;
  std::string unfinished_;  // a line that has begun
};

}  // namespace drawbridge
