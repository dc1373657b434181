// Landlock (Linux 5.13 and later): a thread gives up every file but those it names, for itself and for all that it
// starts from then on. It can never be taken back, and what is added later only narrows further.
#pragma once

#include <string>
#include <vector>

#include "keys/result.hpp"

namespace drawbridge {

// The kernel's Landlock ABI; 0: it has none, or it is switched off.
int landlock_version();

struct PathRule {
  std::string path;    // a folder with all below it, or one file; a path that does not exist now gives nothing
  bool write = false;  // also change, create and remove below it; else read only
};

// The calling thread opens from now on only what `rules` name; descriptors that are open stay open, and programs cannot
// be started from files. Connecting to unix sockets and looking at a file's status are not Landlock's to refuse. Does
// nothing where the kernel has no Landlock. `io`: the kernel refused, nothing has changed.
Result<void> confine_files(const std::vector<PathRule>& rules);

// As that, for one folder given by descriptor; `write`: also to change what is below it.
Result<void> confine_files_to(int folder, bool write);

}  // namespace drawbridge
