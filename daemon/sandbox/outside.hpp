// Outside: one thread that was there before the sandbox closed, and stays out of it.
//
// A thread's sandbox is inherited by all that it starts and never widens. What must not have the daemon's own sandbox
// is therefore started from here: the threads of a shared folder, which have another one (their folder and nothing
// else), and the programs of `command:` services, which have none of ours.
//
// Contract for whoever starts a program (`command:`):
//  * run() calls your work on the outside thread and returns when it is done; call fork, posix_spawn or uv_spawn in it.
//    The loop stands still meanwhile, so uv_spawn on the loop's own handles is safe.
//  * The child is the daemon's child as any other: waitpid, pidfd_open, SIGCHLD and uv's exit callback work as usual, and
//    the loop's thread may signal it.
//  * It inherits no seccomp filter, no Landlock domain and no NO_NEW_PRIVS of ours. It does inherit what systemd's unit
//    closed (packaging/systemd), umask 077, ignored SIGPIPE (posix_spawnattr_setsigdefault), and RLIMIT_CORE 0.
//  * It lives as long as the process: a child's PR_SET_PDEATHSIG, which means the thread that made it, is the daemon's end.
//  * The same call made from any other thread fails with EPERM in the child's execve.
//  * Without a sandbox (--no-sandbox, tests) there is no Outside: run_outside() then does the work itself.
#pragma once

#include <functional>

namespace drawbridge {

class Outside {
 public:
  // Starts the thread, with whatever confines the caller now: make it before entering the sandbox.
  Outside();
  // No run() may be under way.
  ~Outside();
  Outside(const Outside&) = delete;
  Outside& operator=(const Outside&) = delete;

  // From any thread; one piece of work after another. It must not throw, and must be short: the caller waits.
  void run(const std::function<void()>& work);

 private:
  struct Desk;
  Desk* desk_;
};

// outside->run(work), or the work itself where there is no sandbox.
inline void run_outside(Outside* outside, const std::function<void()>& work) {
  outside ? outside->run(work) : work();
}

}  // namespace drawbridge
