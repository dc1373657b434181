// The system calls that no part of the daemon needs, taken away by seccomp(2).
//
// A list of what is refused, not of what is allowed: the C library, SQLite and OpenSSL choose their calls by version and
// machine, and a list of all of them would break with the next update. What is refused is what a break-in would use
// next: start a program, look into or change another process, become somebody else, make memory both writable and
// executable, open sockets of rare families, mount, load code into the kernel.
#pragma once

#include "keys/result.hpp"

namespace drawbridge {

// For the calling thread and all that it starts from now on; cannot be taken back. Calls that no library tries end the
// process (SIGSYS), the others fail with EPERM. `io`: the kernel has no such filters; nothing has changed.
Result<void> limit_system_calls();

}  // namespace drawbridge
