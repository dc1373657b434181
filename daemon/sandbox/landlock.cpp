#include "daemon/sandbox/landlock.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "daemon/io/file_descriptor.hpp"
#include "daemon/io/system_error.hpp"

namespace drawbridge {
namespace {

// Newer than Debian 12's headers; asked for only where the kernel knows them.
constexpr uint64_t access_truncate = 1ULL << 14, access_ioctl_device = 1ULL << 15;

constexpr uint64_t of_files = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                              LANDLOCK_ACCESS_FS_READ_FILE | access_truncate | access_ioctl_device;
constexpr uint64_t first_version = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
constexpr uint64_t read_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
// Neither devices nor programs are made or used by anything here.
constexpr uint64_t write_access = read_access | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                  LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
                                  LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                                  LANDLOCK_ACCESS_FS_REFER | access_truncate;

// Every right that this kernel can take away.
uint64_t handled_by(int version) {
  uint64_t handled = first_version;
  if (version >= 2) handled |= LANDLOCK_ACCESS_FS_REFER;
  if (version >= 3) handled |= access_truncate;
  if (version >= 5) handled |= access_ioctl_device;
  return handled;
}

class Ruleset {
 public:
  explicit Ruleset(int version) : handled_(handled_by(version)) {
    landlock_ruleset_attr attributes{};
    attributes.handled_access_fs = handled_;
    fd_ = FileDescriptor(static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0)));
  }

  bool allow(int path, uint64_t access) {
    struct stat status {};
    if (fstat(path, &status) != 0) return false;
    landlock_path_beneath_attr rule{};
    rule.allowed_access = access & handled_ & (S_ISDIR(status.st_mode) ? ~uint64_t{0} : of_files);
    rule.parent_fd = path;
    return syscall(SYS_landlock_add_rule, fd_.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
  }

  bool enforce() {
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_landlock_restrict_self, fd_.get(), 0) == 0;
  }

  bool made() const { return bool(fd_); }

 private:
  uint64_t handled_;
  FileDescriptor fd_;
};

Error refused() {
  return system_error("The kernel does not confine this process to its files", errno,
                      "Look for a limit on Landlock, or start with --no-sandbox.");
}

}  // namespace

int landlock_version() {
  long version = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version > 0 ? static_cast<int>(version) : 0;
}

Result<void> confine_files(const std::vector<PathRule>& rules) {
  int version = landlock_version();
  if (version == 0) return {};
  Ruleset ruleset(version);
  if (!ruleset.made()) return refused();
  for (const PathRule& rule : rules) {
    FileDescriptor path(open(rule.path.c_str(), O_PATH | O_CLOEXEC));
    if (path && !ruleset.allow(path.get(), rule.write ? write_access : read_access)) return refused();
  }
  return ruleset.enforce() ? Result<void>() : refused();
}

Result<void> confine_files_to(int folder, bool write) {
  int version = landlock_version();
  if (version == 0) return {};
  Ruleset ruleset(version);
  if (ruleset.made() && ruleset.allow(folder, write ? write_access : read_access) && ruleset.enforce()) return {};
  return refused();
}

}  // namespace drawbridge
