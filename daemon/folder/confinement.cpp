#include "daemon/folder/confinement.hpp"

#include <fcntl.h>

#include "daemon/io/file_descriptor.hpp"
#include "daemon/sandbox/landlock.hpp"

namespace drawbridge::folder {

bool confine_thread_to(const std::string& folder, bool read_only) {
  thread_local bool confined = false;
  if (confined) return true;
  FileDescriptor root(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return true;
  confined = bool(confine_files_to(root.get(), !read_only));
  return confined;
}

}  // namespace drawbridge::folder
