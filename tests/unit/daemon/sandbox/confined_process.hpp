// A process of the test's own, which a test confines with the daemon's code and lets try things.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <functional>
#include <string>

namespace drawbridge {

constexpr int killed_for_it = 1000;  // by SIGSYS

// What `attempt` returned in a process of its own (0 to 255), or killed_for_it.
inline int in_own_process(const std::function<int()>& attempt) {
  pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    alarm(60);
    for (int number : {SIGSYS, SIGSEGV, SIGABRT}) signal(number, SIG_DFL);
    _exit(attempt());
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) return killed_for_it;
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

// 0, or the errno with which opening failed.
inline int try_open(const std::string& path, int flags) {
  int fd = open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (fd < 0) return errno;
  close(fd);
  return 0;
}

}  // namespace drawbridge
