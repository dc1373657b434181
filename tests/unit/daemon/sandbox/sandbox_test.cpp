#include "daemon/sandbox/sandbox.hpp"

#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "confined_process.hpp"
#include "daemon/folder/confinement.hpp"
#include "daemon/sandbox/landlock.hpp"
#include "daemon/sandbox/system_calls.hpp"
#include "tests/unit/daemon/temporary_folder.hpp"

using namespace drawbridge;

namespace {

constexpr int could_not_confine = 200;

// Files as a daemon meets them: its state, somebody's letter, a certificate that the configuration names.
struct Files {
  TemporaryFolder folder;
  std::string state = folder.file("state"), home = folder.file("home"), certificates = folder.file("certificates");

  Files() {
    for (const std::string& name : {state, home, certificates}) {
      mkdir(name.c_str(), 0700);
      std::ofstream(name + "/file") << "content";
    }
  }
  // What `attempt` gives inside of the daemon's sandbox.
  int confined(const std::function<int()>& attempt) const {
    return in_own_process([&] {
      auto entered = enter_sandbox({state, {certificates + "/file"}});
      return entered && entered->empty() ? attempt() : could_not_confine;
    });
  }
};

int limited(const std::function<int()>& attempt) {
  return in_own_process([&] { return limit_system_calls() ? attempt() : could_not_confine; });
}

// 0, or errno.
int failure(long result) {
  return result < 0 ? errno : 0;
}

bool kernel_has_landlock() {
  if (landlock_version() > 0) return true;
  WARN("this kernel has no Landlock");
  return false;
}

}  // namespace

TEST_CASE("the sandboxed daemon writes its state and nothing else") {
  if (!kernel_has_landlock()) return;
  Files files;
  CHECK(files.confined([&] { return try_open(files.state + "/new", O_WRONLY | O_CREAT); }) == 0);
  CHECK(files.confined([&] { return failure(rename((files.state + "/file").c_str(), (files.state + "/b").c_str())); }) == 0);
  CHECK(files.confined([&] { return failure(unlink((files.state + "/b").c_str())); }) == 0);
  CHECK(files.confined([&] { return try_open(files.home + "/file", O_WRONLY); }) == EACCES);
  CHECK(files.confined([&] { return try_open(files.home + "/new", O_WRONLY | O_CREAT); }) == EACCES);
  CHECK(files.confined([&] { return failure(unlink((files.home + "/file").c_str())); }) == EACCES);
  CHECK(files.confined([&] { return failure(truncate((files.home + "/file").c_str(), 0)); }) == EACCES);
  CHECK(files.confined([&] { return failure(mkdir((files.home + "/folder").c_str(), 0700)); }) == EACCES);
  CHECK(files.confined([&] { return try_open(files.certificates + "/file", O_WRONLY); }) == EACCES);
}

TEST_CASE("the sandboxed daemon reads its state, the system's files and those that the settings name, no others") {
  if (!kernel_has_landlock()) return;
  Files files;
  CHECK(files.confined([&] { return try_open(files.state + "/file", O_RDONLY); }) == 0);
  CHECK(files.confined([&] { return try_open(files.certificates + "/file", O_RDONLY); }) == 0);
  CHECK(files.confined([&] { return try_open("/etc/passwd", O_RDONLY); }) == 0);
  CHECK(files.confined([&] { return try_open(files.home + "/file", O_RDONLY); }) == EACCES);
  CHECK(files.confined([&] { return try_open(files.home, O_RDONLY | O_DIRECTORY); }) == EACCES);
}

TEST_CASE("threads that start later are in the sandbox, too, and cannot leave it") {
  if (!kernel_has_landlock()) return;
  Files files;
  CHECK(files.confined([&] {
    int found = 0;
    std::thread([&] {
      (void)confine_files({{files.home, true}});  // asking for more only narrows
      found = try_open(files.home + "/file", O_RDONLY);
    }).join();
    return found;
  }) == EACCES);
}

TEST_CASE("no program can be started from the sandbox, nor another process looked into") {
  char* arguments[] = {const_cast<char*>("/bin/true"), nullptr};
  CHECK(limited([&] { return failure(execv("/bin/true", arguments)); }) == EPERM);
  CHECK(limited([&] { return static_cast<int>(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }) == killed_for_it);
  CHECK(limited([] { return failure(syscall(SYS_process_vm_readv, getppid(), nullptr, 0, nullptr, 0, 0)); }) == killed_for_it);
  CHECK(limited([] { return failure(syscall(SYS_bpf, 0, nullptr, 0)); }) == killed_for_it);
  CHECK(limited([] { return failure(syscall(SYS_mount, "a", "/", "tmpfs", 0, nullptr)); }) == killed_for_it);
}

TEST_CASE("the sandbox lets nobody become somebody else or make memory that is code and writable") {
  CHECK(limited([] { return failure(syscall(SYS_setuid, 0)); }) == EPERM);
  CHECK(limited([] { return failure(syscall(SYS_unshare, CLONE_NEWUSER)); }) == EPERM);
  CHECK(limited([] { return failure(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, nullptr)); }) == EPERM);
  CHECK(limited([] { return failure(syscall(SYS_fchmodat, AT_FDCWD, "/", 04755)); }) == EPERM);
  auto map = [](int protection) { return mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); };
  CHECK(limited([&] { return map(PROT_READ | PROT_WRITE | PROT_EXEC) == MAP_FAILED ? errno : 0; }) == EPERM);
  CHECK(limited([&] { return failure(mprotect(map(PROT_READ | PROT_WRITE), 4096, PROT_READ | PROT_EXEC)); }) == EPERM);
}

TEST_CASE("the sandbox leaves the sockets that the daemon has, and takes the others") {
  auto opened = [](int family, int type) { return limited([=] { return failure(socket(family, type, 0)); }); };
  CHECK(opened(AF_INET, SOCK_DGRAM) == 0);
  CHECK(opened(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK) == 0);
  CHECK(opened(AF_UNIX, SOCK_STREAM) == 0);
  CHECK(opened(AF_NETLINK, SOCK_RAW) == 0);
  CHECK(opened(AF_PACKET, SOCK_RAW) == EAFNOSUPPORT);
  CHECK(opened(AF_BLUETOOTH, SOCK_RAW) == EAFNOSUPPORT);
  CHECK(opened(AF_INET, SOCK_RAW | SOCK_CLOEXEC) == EPERM);
}

TEST_CASE("what starts outside has no sandbox: a program runs, and the daemon that waits for it has one") {
  Files files;
  int ended = in_own_process([&] {
    Outside outside;
    auto entered = enter_sandbox({files.state, {}});
    if (!entered) return could_not_confine;
    std::string command = "echo outside > " + files.home + "/file";
    pid_t child = -1;
    outside.run([&] {
      child = fork();
      if (child == 0) {
        execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
        _exit(127);
      }
    });
    int status = 0;
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) return could_not_confine;
    return WEXITSTATUS(status) == 0 && try_open(files.home + "/file", O_RDONLY) != 0 ? 0 : 1;
  });
  CHECK((ended == 0 || landlock_version() == 0));
  std::string content;
  std::getline(std::ifstream(files.home + "/file") >> std::ws, content);
  CHECK(content == "outside");
}

TEST_CASE("a folder's thread has its folder and nothing else, and no program") {
  if (!kernel_has_landlock()) return;
  Files files;
  auto in_folder = [&](const std::function<int()>& attempt, bool read_only = false) {
    return in_own_process([&] {
      Outside outside;
      if (!enter_sandbox({files.state, {}})) return could_not_confine;
      int found = could_not_confine;
      auto ran = run_for_folder(&outside, [&] {
        if (folder::confine_thread_to(files.home, read_only)) found = attempt();
      });
      return ran ? found : could_not_confine;
    });
  };
  CHECK(in_folder([&] { return try_open(files.home + "/file", O_RDWR); }) == 0);
  CHECK(in_folder([&] { return try_open(files.home + "/new", O_WRONLY | O_CREAT); }) == 0);
  CHECK(in_folder([&] { return try_open(files.home + "/file", O_RDONLY); }, true) == 0);
  CHECK(in_folder([&] { return try_open(files.home + "/file", O_RDWR); }, true) == EACCES);
  CHECK(in_folder([&] { return failure(unlink((files.home + "/file").c_str())); }, true) == EACCES);
  CHECK(in_folder([&] { return try_open(files.state + "/file", O_RDONLY); }) == EACCES);
  CHECK(in_folder([&] { return try_open(files.certificates + "/new", O_WRONLY | O_CREAT); }) == EACCES);
  CHECK(in_folder([&] { return try_open("/etc/passwd", O_RDONLY); }) == EACCES);
  CHECK(in_folder([&] { return failure(mknod((files.home + "/pipe").c_str(), S_IFIFO | 0600, 0)); }) == EPERM);
  CHECK(in_folder([&] { return failure(execl("/bin/true", "true", nullptr)); }) == EPERM);
}

TEST_CASE("a folder that comes later is confined to when it is there") {
  if (!kernel_has_landlock()) return;
  Files files;
  std::string disk = files.folder.file("disk");
  CHECK(in_own_process([&] {
    if (!folder::confine_thread_to(disk, false) || try_open("/etc/passwd", O_RDONLY) != 0) return 1;
    mkdir(disk.c_str(), 0700);
    if (!folder::confine_thread_to(disk, false) || try_open("/etc/passwd", O_RDONLY) != EACCES) return 2;
    return try_open(disk + "/new", O_WRONLY | O_CREAT);
  }) == 0);
}

TEST_CASE("without a sandbox, a folder is served from the caller's own thread") {
  std::thread::id ran;
  CHECK(run_for_folder(nullptr, [&] { ran = std::this_thread::get_id(); }));
  CHECK(ran == std::this_thread::get_id());
}
