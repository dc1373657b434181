#include "daemon/process.hpp"

#include <link.h>
#include <malloc.h>
#include <pwd.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <new>
#include <string_view>

namespace drawbridge {
namespace {

// Nothing can be allocated here: no log, no stdio. Going on without what was asked for would be to guess; the state is on
// the disk, and who looks after the process starts it again.
[[noreturn]] void end_without_memory() {
  constexpr std::string_view said =
      "drawbridged: There is no memory left, so the bridge ends; what was acknowledged is kept. "
      "Free some memory, or raise this service's limit, and start it again.\n";
  (void)!write(STDERR_FILENO, said.data(), said.size());
  _exit(1);
}

}  // namespace

void prepare_process() {
  std::set_new_handler(end_without_memory);
  rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
  umask(077);
  signal(SIGPIPE, SIG_IGN);
  // libuv's threads write to the disk and look up names: one of each at a time is enough, and each costs memory.
  setenv("UV_THREADPOOL_SIZE", "2", 0);
  mallopt(M_ARENA_MAX, 1);
  // What is freed is soon wanted again: giving 128 KiB at the heap's end back to the system each time, as is the default,
  // cost a relay half of its time for WebSockets in page faults.
  mallopt(M_TRIM_THRESHOLD, 2 << 20);
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
}

void release_unused_pages() {
  dl_iterate_phdr(
      [](dl_phdr_info* object, size_t, void*) {
        for (int i = 0; i < object->dlpi_phnum; ++i) {
          const auto& segment = object->dlpi_phdr[i];
          // Never written: the file itself is the copy.
          if (segment.p_type != PT_LOAD || segment.p_flags & PF_W) continue;
          auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
          uintptr_t start = (object->dlpi_addr + segment.p_vaddr) & ~(page - 1);
          uintptr_t end = (object->dlpi_addr + segment.p_vaddr + segment.p_memsz + page - 1) & ~(page - 1);
          madvise(reinterpret_cast<void*>(start), end - start, MADV_DONTNEED);
        }
        return 0;
      },
      nullptr);
  malloc_trim(0);
}

Result<std::set<uid_t>> user_ids(const std::vector<std::string>& names) {
  std::set<uid_t> out{geteuid()};
  for (const std::string& name : names) {
    // What is longer than any name, modules of the name service do not survive.
    const passwd* entry = name.size() < LOGIN_NAME_MAX ? getpwnam(name.c_str()) : nullptr;
    if (!entry)
      return Error{ErrorCode::not_found, "There is no user '" + name + "' on this computer.",
                   "Correct local_users in the configuration."};
    out.insert(entry->pw_uid);
  }
  return out;
}

std::string host_name() {
  char name[65] = {};
  if (gethostname(name, sizeof name - 1) != 0 || !name[0]) return "drawbridge";
  return name;
}

}  // namespace drawbridge
