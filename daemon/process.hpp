// What this process asks of the operating system for itself, before it holds any secret.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "keys/result.hpp"

namespace drawbridge {

// No core dumps and no debugger (memory holds keys), new files private, no SIGPIPE, as many open files as allowed. Where
// memory runs out the process ends with a sentence and exit code 1.
void prepare_process();

// Lets go of code and constants, most of which only starting or a past load needed (the kernel maps again, from its cache,
// what is used), and of free memory.
void release_unused_pages();

// This process's user and those named. `not_found` names the one that does not exist.
Result<std::set<uid_t>> user_ids(const std::vector<std::string>& names);

// "ann-laptop": what to call this computer when nobody has said.
std::string host_name();

}  // namespace drawbridge
