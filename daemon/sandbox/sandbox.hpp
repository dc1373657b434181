// The daemon's sandbox: what its threads may open, and which system calls they may make. docs/THREAT_MODEL.md says what
// it is for, docs/decisions/0007-sandbox.md what it is not.
//
//  the daemon's own threads   write below the state folder only; read the system's folders, the state, and where the
//                             configuration's files lie; limit_system_calls()
//  the threads of a folder    the folder only, from a connection's first request on; limit_system_calls()
//  Outside                    neither
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "daemon/sandbox/outside.hpp"
#include "keys/result.hpp"

namespace drawbridge {

struct SandboxPaths {
  std::string state;                // to write
  std::vector<std::string> read;    // files; their folders are readable, as a file is replaced by another of its name
};

// Confines the calling thread and all that it starts from now on; cannot be taken back. A kernel that lacks a part goes
// without it: what is lacking is returned, a sentence each, empty if nothing is. `io`: it has the part and refused.
Result<std::vector<std::string>> enter_sandbox(const SandboxPaths& paths);

// Runs `work` on a thread of its own that has the system calls' limits but may still open any file, so that its threads
// can be confined to a folder; waits for it. `outside` null: on the calling thread, without any limits. `io`: the system
// gave no thread, and nothing ran.
Result<void> run_for_folder(Outside* outside, const std::function<void()>& work);
// The system gave no thread, or none for `work`; `number` is an errno.
Error folder_not_served(int number);

}  // namespace drawbridge
