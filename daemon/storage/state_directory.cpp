#include "daemon/storage/state_directory.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>

#include "daemon/io/system_error.hpp"
#include "keys/hash.hpp"

namespace drawbridge {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

bool system_socket_opens() {
  std::string socket = std::string(admin::system_state_directory) + "/" + admin::control_socket_name;
  return access(socket.c_str(), R_OK | W_OK) == 0;
}

std::string home() {
  if (std::string home = environment("HOME"); !home.empty()) return home;
  const passwd* entry = getpwuid(geteuid());
  return entry && entry->pw_dir ? entry->pw_dir : "";
}

Result<void> check_folder(const std::string& path) {
  struct stat folder {};
  if (stat(path.c_str(), &folder) != 0 || !S_ISDIR(folder.st_mode)) {
    return Error{ErrorCode::not_found, "There is no Drawbridge state in " + path + ".",
                 "Run 'drawbridge init' first, or name another folder with --state."};
  }
  if (folder.st_uid != geteuid()) {
    return Error{ErrorCode::not_allowed, path + " belongs to another user.",
                 "Start drawbridged as the user who ran 'drawbridge init'."};
  }
  // Others may pass through as members of the group (a system service's control socket), never read or write.
  if ((folder.st_mode & 027) == 0) return {};
  return Error{ErrorCode::not_allowed, path + " is open to other users of this computer.",
               "Run: chmod 700 '" + path + "'"};
}

std::string holder_of(int lock) {
  char text[32] = {};
  ssize_t length = pread(lock, text, sizeof text - 1, 0);
  std::string pid(text, length > 0 ? static_cast<size_t>(length) : 0);
  while (!pid.empty() && pid.back() == '\n') pid.pop_back();
  return pid;
}

Error held_by_another(const std::string& path, int lock) {
  std::string pid = holder_of(lock);
  return {ErrorCode::state,
          "Another drawbridged" + (pid.empty() ? "" : " (process " + pid + ")") + " already runs on " + path + ".",
          "Stop it first" + (pid.empty() ? "" : " (kill " + pid + ")") + ", or name another folder with --state."};
}

}  // namespace

Result<std::string> find_state_directory(const std::string& chosen) {
  return admin::choose_state_directory(
      {chosen, environment("DRAWBRIDGE_STATE"), system_socket_opens(), environment("XDG_STATE_HOME"), home()});
}

Result<StateDirectory> StateDirectory::take(const std::string& path) {
  if (auto folder = check_folder(path); !folder) return folder.error();
  std::string lock_path = path + "/daemon.lock";
  FileDescriptor lock(open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock)
    return system_error("Cannot write to " + path, errno, "Check the folder's owner and that the disk has space.");
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return held_by_another(path, lock.get());
  // For the sentence above only; the lock itself is the kernel's.
  std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(lock.get(), 0) != 0 || pwrite(lock.get(), pid.data(), pid.size(), 0) < 0) {
    return system_error("Cannot write to " + path, errno, "Check that the disk has space.");
  }
  return StateDirectory(path, std::move(lock));
}

std::array<uint8_t, 32> StateDirectory::fingerprint() const {
  std::ifstream file("/etc/machine-id");
  std::string text;
  std::getline(file, text);
  struct stat status{};
  if (stat(path_.c_str(), &status) == 0) text += "/" + std::to_string(status.st_ino);
  return blake2b_256({as_bytes(text)});
}

}  // namespace drawbridge
