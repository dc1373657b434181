#include "daemon/sandbox/system_calls.hpp"

#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>

#include "daemon/io/system_error.hpp"

namespace drawbridge {
namespace {

// Nothing tries these by accident.
constexpr const char* deadly[] = {
    "ptrace",      "process_vm_readv", "process_vm_writev", "kexec_load", "kexec_file_load", "init_module",
    "finit_module", "delete_module",   "bpf",               "userfaultfd", "mount",          "umount2",
    "pivot_root",  "move_mount",       "open_tree",         "fsopen",     "fsmount",         "fsconfig",
    "fspick",      "mount_setattr",    "chroot",            "reboot",     "swapon",          "swapoff",
    "acct",        "quotactl",         "settimeofday",      "clock_settime", "sethostname",  "setdomainname",
    "iopl",        "ioperm",           "vhangup",           "perf_event_open"};

// A library may try these and go on without.
constexpr const char* refused[] = {
    "execve",    "execveat",  "unshare",   "setns",     "setuid",         "setgid",         "setreuid",
    "setregid",  "setresuid", "setresgid", "setfsuid",  "setfsgid",       "setgroups",      "capset",
    "personality", "add_key", "request_key", "keyctl",  "io_uring_setup", "io_uring_enter", "io_uring_register",
    "mknod",     "mknodat",   "open_by_handle_at", "lookup_dcookie"};

constexpr uint64_t namespaces[] = {CLONE_NEWNS,  CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
                                   CLONE_NEWUSER, CLONE_NEWPID,   CLONE_NEWNET};

class Filter {
 public:
  Filter() : filter_(seccomp_init(SCMP_ACT_ALLOW), &seccomp_release) {
    // Calls of another architecture would get past every rule.
    good_ = filter_ && seccomp_attr_set(filter_.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0;
  }

  // A call that this architecture lacks needs no rule.
  template <typename... Conditions>
  void rule(uint32_t action, const char* name, Conditions... conditions) {
    int number = seccomp_syscall_resolve_name(name);
    if (!good_ || number == __NR_SCMP_ERROR) return;
    good_ = seccomp_rule_add(filter_.get(), action, number, sizeof...(conditions), conditions...) == 0;
  }

  bool load() { return good_ && seccomp_load(filter_.get()) == 0; }

 private:
  std::unique_ptr<void, decltype(&seccomp_release)> filter_;
  bool good_ = false;
};

constexpr uint32_t no = SCMP_ACT_ERRNO(EPERM);

scmp_arg_cmp argument(unsigned index, scmp_compare compare, uint64_t value, uint64_t further = 0) {
  return {index, compare, value, further};
}

void refuse_writable_code(Filter& filter) {
  constexpr uint64_t both = PROT_WRITE | PROT_EXEC;
  filter.rule(no, "mmap", argument(2, SCMP_CMP_MASKED_EQ, both, both));
  for (const char* name : {"mprotect", "pkey_mprotect"})
    filter.rule(no, name, argument(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
}

// Only unix, internet and netlink sockets, and no raw ones of the internet.
void refuse_sockets(Filter& filter) {
  constexpr uint32_t unknown = SCMP_ACT_ERRNO(EAFNOSUPPORT);
  for (uint64_t family = 0; family < AF_NETLINK; ++family) {
    if (family == AF_UNIX || family == AF_INET || family == AF_INET6) continue;
    filter.rule(unknown, "socket", argument(0, SCMP_CMP_EQ, family));
  }
  filter.rule(unknown, "socket", argument(0, SCMP_CMP_GT, AF_NETLINK));
  for (uint64_t family : {AF_INET, AF_INET6})
    filter.rule(no, "socket", argument(0, SCMP_CMP_EQ, family), argument(1, SCMP_CMP_MASKED_EQ, 0xf, SOCK_RAW));
}

void refuse_namespaces(Filter& filter) {
  // The flags of clone3 lie in memory, where a filter cannot look; the C library then takes clone.
  filter.rule(SCMP_ACT_ERRNO(ENOSYS), "clone3");
  for (uint64_t flag : namespaces) filter.rule(no, "clone", argument(0, SCMP_CMP_MASKED_EQ, flag, flag));
}

void refuse_other_tricks(Filter& filter) {
  filter.rule(no, "chmod", argument(1, SCMP_CMP_MASKED_EQ, S_ISUID, S_ISUID));
  filter.rule(no, "fchmod", argument(1, SCMP_CMP_MASKED_EQ, S_ISUID, S_ISUID));
  filter.rule(no, "fchmodat", argument(2, SCMP_CMP_MASKED_EQ, S_ISUID, S_ISUID));
  // Typing into the terminal that we were started from.
  for (uint64_t request : {TIOCSTI, TIOCLINUX}) filter.rule(no, "ioctl", argument(1, SCMP_CMP_MASKED_EQ, 0xffffffff, request));
}

}  // namespace

Result<void> limit_system_calls() {
  Filter filter;
  for (const char* name : deadly) filter.rule(SCMP_ACT_KILL_PROCESS, name);
  for (const char* name : refused) filter.rule(no, name);
  refuse_writable_code(filter);
  refuse_sockets(filter);
  refuse_namespaces(filter);
  refuse_other_tricks(filter);
  if (filter.load()) return {};
  return system_error("The kernel does not filter system calls", errno, "Start with --no-sandbox.");
}

}  // namespace drawbridge
