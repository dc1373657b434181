#include "daemon/admin/control_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "daemon/io/stream_socket.hpp"
#include "daemon/io/system_error.hpp"

namespace drawbridge::admin {

namespace {

// The group first: the file is never open to another one. A service's own group needs no call that its filter may
// refuse.
bool open_to_group(const std::string& path, std::optional<gid_t> group) {
  if (!group) return true;
  struct stat file {};
  bool theirs = stat(path.c_str(), &file) == 0 &&
                (file.st_gid == *group || chown(path.c_str(), static_cast<uid_t>(-1), *group) == 0);
  return theirs && chmod(path.c_str(), 0660) == 0;
}

}  // namespace

Result<ControlSocket> ControlSocket::open(const std::string& path, std::optional<gid_t> group) {
  SystemAddress address;
  if (!to_system(path, address)) {
    return Error{ErrorCode::invalid_argument, "The path " + path + " is too long for a control socket.",
                 "Name a shorter folder with --state (at most 95 characters)."};
  }
  FileDescriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  unlink(path.c_str());
  // Before bind: the file never exists with a looser mode.
  bool open = fd && fchmod(fd.get(), 0600) == 0 && bind(fd.get(), address.get(), address.length) == 0 &&
              open_to_group(path, group) && listen(fd.get(), SOMAXCONN) == 0;
  if (!open) return system_error("Cannot open the control socket " + path, errno, "Check the folder's owner and mode.");
  return ControlSocket(std::move(fd), path);
}

ControlSocket::ControlSocket(ControlSocket&& other) noexcept
    : fd_(std::move(other.fd_)), path_(std::move(other.path_)) {}

ControlSocket::~ControlSocket() {
  if (fd_) unlink(path_.c_str());
}

}  // namespace drawbridge::admin
