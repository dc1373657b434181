#include "daemon/folder/root.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "daemon/folder/text_escape.hpp"
#include "daemon/io/system_error.hpp"
#include "daemon/services/own_state.hpp"

namespace drawbridge::folder {
namespace {

// The kernel answers EAGAIN when the tree changed under its feet; nobody can keep that up for long by accident.
constexpr int resolve_attempts = 16;

int open_beneath(int root, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (flags & O_PATH) how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  for (int attempt = 0; attempt < resolve_attempts; ++attempt) {
    long fd = syscall(SYS_openat2, root, path.c_str(), &how, sizeof how);
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) return static_cast<int>(fd);
  }
  return -1;
}

bool serves(const struct stat& status) {
  return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode);
}

}  // namespace

Error file_error(int number, const std::string& what) {
  std::string name = "'" + repair_utf8(what) + "'";
  switch (number) {
    case ENOENT:
    case ENOTDIR:
      return {ErrorCode::not_found, "There is no " + name + " here; it was moved, renamed or deleted.",
              "Go back to the folder."};
    case ELOOP:
    case EXDEV:
      return {ErrorCode::not_allowed, name + " leads out of this folder.",
              "Ask the office to put the file itself here."};
    case EACCES:
    case EPERM:
      return {ErrorCode::not_allowed, "The office computer does not allow this for " + name + ".",
              "Ask the office to change the permissions."};
    case EROFS:
      return {ErrorCode::not_allowed, "The office's disk can only be read.", "Ask the office."};
    case ENOSPC:
    case EDQUOT:
      return {ErrorCode::limit, "The office's disk is full.", "Make room at the office, then try again."};
    case EFBIG:
      return {ErrorCode::limit, name + " is larger than the office's disk takes.", ""};
    case EEXIST:
      return {ErrorCode::already_exists, name + " exists already.",
              "Choose another name, or say that it may be replaced."};
    case ENOTEMPTY:
      return {ErrorCode::state, name + " is not empty.", "Delete what is in it first."};
    case ENAMETOOLONG:
      return {ErrorCode::invalid_argument, "The name is too long for the office's disk.", "Choose a shorter name."};
    case EISDIR:
      return {ErrorCode::state, name + " is a folder.", ""};
    case EINVAL:
      return {ErrorCode::invalid_argument, "The office's disk does not take " + name + ".", "Choose another name."};
    default:
      return {ErrorCode::io, "The office's disk failed at " + name + ": " + system_text(number) + ".",
              "Try again; if it stays so, tell the office."};
  }
}

Result<Root> Root::open(const std::string& path, const std::string& state) {
  FileDescriptor fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (fd && !state.empty() && lies_in(state, fd.get())) {
    return Error{ErrorCode::not_allowed, "The office's own key lies in this folder: it is not shared.",
                 "Ask the office to share another folder."};
  }
  if (fd) return Root(std::move(fd));
  int number = errno;
  if (number == EACCES) {
    return Error{ErrorCode::not_allowed, "The office computer does not allow Drawbridge to open this folder.",
                 "Ask the office to change its permissions."};
  }
  // The path is the office's own business: it is not said.
  return Error{ErrorCode::not_found, "The folder is not there: " + system_text(number) + ".",
               "Ask the office whether its disk is connected."};
}

Result<FileDescriptor> Root::resolve(const RequestPath& path, int flags) const {
  FileDescriptor fd(open_beneath(fd_.get(), path.relative(), flags));
  if (fd) return fd;
  return file_error(errno, path.is_root() ? "folder" : path.name());
}

Result<FileDescriptor> Root::open_entry(const RequestPath& path, struct stat& status) const {
  // Opening a device or a pipe can change something by itself: look first, through a descriptor that opens nothing.
  auto looked = resolve(path, O_PATH);
  if (!looked) return looked.error();
  Error special{ErrorCode::not_allowed, "This is neither a file nor a folder.", ""};
  if (fstat(looked->get(), &status) != 0) return file_error(errno, "file");
  if (!serves(status)) return special;
  auto opened = resolve(path, O_RDONLY);
  if (!opened) return opened.error();
  if (fstat(opened->get(), &status) != 0) return file_error(errno, "file");
  if (!serves(status)) return special;
  return opened;
}

bool Root::status(const RequestPath& path, struct stat& out) const {
  FileDescriptor fd(open_beneath(fd_.get(), path.relative(), O_PATH));
  return fd && fstat(fd.get(), &out) == 0;
}

Result<FileDescriptor> Root::open_folder(const RequestPath& path) const {
  return resolve(path, O_RDONLY | O_DIRECTORY);
}

Result<Place> Root::place(const RequestPath& path) const {
  if (path.is_root())
    return Error{ErrorCode::invalid_argument, "This cannot be done to the whole folder.",
                 "Choose a file or folder in it."};
  auto folder = open_folder(path.parent());
  if (!folder) return folder.error();
  return Place{folder.take(), path.name()};
}

}  // namespace drawbridge::folder
