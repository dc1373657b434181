#include "cli/atomic_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "cli/failure.hpp"

namespace drawbridge::cli {
namespace {

CommandFailed refused(const char* what, const std::string& path, int error) {
  ErrorCode code = error == ENOENT ? ErrorCode::not_found : error == EEXIST ? ErrorCode::already_exists : ErrorCode::io;
  return {code, fmt::format("{} {}: {}.", what, path, std::strerror(error)), "Check the name and the permissions."};
}

struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) close(number);
  }
};

bool write_whole(int descriptor, ByteView content) {
  while (!content.empty()) {
    ssize_t length = write(descriptor, content.data(), content.size());
    if (length < 0 && errno != EINTR) return false;
    if (length > 0) content = content.subspan(static_cast<size_t>(length));
  }
  return fsync(descriptor) == 0;
}

bool sync_directory(const std::string& path) {
  Descriptor directory{open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  return directory.number >= 0 && fsync(directory.number) == 0;
}

bool give_to(Owner owner, int descriptor, const std::string& folder) {
  struct stat found {};
  if (owner == Owner::caller || geteuid() != 0) return true;
  return stat(folder.c_str(), &found) == 0 && fchown(descriptor, found.st_uid, found.st_gid) == 0;
}

// A system service's folder lets its group pass (to the control socket), never write.
bool is_for_owner_alone(const struct stat& folder) {
  if (!S_ISDIR(folder.st_mode)) return false;
  return folder.st_uid == geteuid() ? (folder.st_mode & 077) == 0 : geteuid() == 0 && (folder.st_mode & 027) == 0;
}

}  // namespace

void write_file_atomically(const std::string& path, ByteView content, unsigned mode, Existing existing, Owner owner) {
  auto parent = std::filesystem::path(path).parent_path();
  std::string folder = parent.empty() ? "." : parent.string();
  std::string beside = path + ".XXXXXX";
  Descriptor file{mkostemp(beside.data(), O_CLOEXEC)};
  if (file.number < 0) throw refused("Cannot write", path, errno);
  bool moved = give_to(owner, file.number, folder) && fchmod(file.number, mode) == 0 && write_whole(file.number, content) &&
               renameat2(AT_FDCWD, beside.c_str(), AT_FDCWD, path.c_str(),
                         existing == Existing::refuse ? RENAME_NOREPLACE : 0) == 0;
  if (!moved) {
    int error = errno;
    unlink(beside.c_str());
    throw refused("Cannot write", path, error);
  }
  if (!sync_directory(folder)) throw refused("Cannot write", path, errno);
}

void make_private_directory(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path target = fs::absolute(path).lexically_normal();
  if (!target.has_filename()) target = target.parent_path();
  fs::create_directories(target.parent_path(), error);
  if (mkdir(target.c_str(), 0700) == 0) {
    if (!sync_directory(target.parent_path())) throw refused("Cannot make", path, errno);
    return;
  }
  if (errno != EEXIST) throw refused("Cannot make", path, errno);
  struct stat found {};
  if (stat(target.c_str(), &found) != 0) throw refused("Cannot use", path, errno);
  if (found.st_uid == geteuid() && fs::is_empty(target, error) && chmod(target.c_str(), 0700) == 0) return;
  if (is_for_owner_alone(found)) return;
  throw CommandFailed(ErrorCode::not_allowed, fmt::format("{} is not a folder for you alone.", path),
                      "Choose another folder with --state DIR.");
}

Bytes read_file(const std::string& path, size_t max) {
  Descriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.number < 0) throw refused("Cannot read", path, errno);
  Bytes content;
  uint8_t buffer[64 * 1024];
  ssize_t length = 0;
  while ((length = read(file.number, buffer, sizeof buffer)) > 0) {
    append(content, {buffer, static_cast<size_t>(length)});
    if (content.size() > max)
      throw CommandFailed(ErrorCode::limit, fmt::format("{} is too large.", path), "Check that it is the right file.");
  }
  if (length < 0) throw refused("Cannot read", path, errno);
  return content;
}

}  // namespace drawbridge::cli
