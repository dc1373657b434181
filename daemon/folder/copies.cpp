#include "daemon/folder/copies.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <memory>

#include "daemon/folder/changes.hpp"
#include "daemon/folder/dav/properties.hpp"
#include "daemon/folder/tree_removal.hpp"
#include "daemon/io/system_entropy.hpp"

namespace drawbridge::folder {
namespace {

constexpr size_t copied_at_once = 8 * 1024 * 1024;

Result<void> copy_bytes(int from, int to, const std::string& name) {
  for (;;) {
    ssize_t length = copy_file_range(from, nullptr, to, nullptr, copied_at_once, 0);
    if (length == 0) return {};
    if (length < 0) return file_error(errno, name);
  }
}

class Copier {
 public:
  explicit Copier(bool deep) : deep_(deep) {}

  Result<void> copy(int from_folder, const char* from, int to_folder, const std::string& to, int depth) {
    if (++entries_ > largest_removal || depth > deepest_removal) return too_much();
    struct stat status;
    if (fstatat(from_folder, from, &status, AT_SYMLINK_NOFOLLOW) != 0) return file_error(errno, from);
    if (S_ISLNK(status.st_mode)) return copy_link(from_folder, from, to_folder, to);
    if (S_ISDIR(status.st_mode)) return copy_folder(from_folder, from, to_folder, to, depth);
    if (S_ISREG(status.st_mode)) return copy_file(from_folder, from, to_folder, to);
    return {};  // devices, pipes and sockets are not there
  }

 private:
  static Error too_much() {
    return {ErrorCode::try_later, "There is too much in it to be copied at once.", "Copy the folders in it one by one."};
  }

  static Result<void> copy_file(int from_folder, const char* from, int to_folder, const std::string& to) {
    FileDescriptor source(openat(from_folder, from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!source) return file_error(errno, from);
    FileDescriptor copy(openat(to_folder, to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!copy) return file_error(errno, from);
    if (auto copied = copy_bytes(source.get(), copy.get(), from); !copied) return copied;
    dav::copy_set_properties(source.get(), copy.get());
    fchmod(copy.get(), new_file_mode(to_folder));
    if (fsync(copy.get()) != 0) return file_error(errno, from);
    return {};
  }

  static Result<void> copy_link(int from_folder, const char* from, int to_folder, const std::string& to) {
    char target[PATH_MAX];
    ssize_t length = readlinkat(from_folder, from, target, sizeof target - 1);
    if (length < 0) return file_error(errno, from);
    target[length] = 0;
    if (symlinkat(target, to_folder, to.c_str()) != 0) return file_error(errno, from);
    return {};
  }

  Result<void> copy_folder(int from_folder, const char* from, int to_folder, const std::string& to, int depth) {
    FileDescriptor source(openat(from_folder, from, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat mode;
    if (!source || fstat(to_folder, &mode) != 0) return file_error(errno, from);
    if (mkdirat(to_folder, to.c_str(), 0700) != 0) return file_error(errno, from);
    FileDescriptor made(openat(to_folder, to.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!made) return file_error(errno, from);
    fchmod(made.get(), mode.st_mode & 07777);
    dav::copy_set_properties(source.get(), made.get());
    if (!deep_) return {};
    std::unique_ptr<DIR, int (*)(DIR*)> folder(fdopendir(source.release()), &closedir);
    if (!folder) return file_error(errno, from);
    while (const dirent* found = readdir(folder.get())) {
      bool skipped = std::strcmp(found->d_name, ".") == 0 || std::strcmp(found->d_name, "..") == 0 ||
                     std::string_view(found->d_name).starts_with(upload_prefix);
      if (skipped) continue;
      if (auto copied = copy(dirfd(folder.get()), found->d_name, made.get(), found->d_name, depth + 1); !copied) return copied;
    }
    fsync(made.get());
    return {};
  }

  bool deep_;
  size_t entries_ = 0;
};

bool is_folder(const Place& place, const std::string& name) {
  struct stat status;
  return fstatat(place.folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

Result<void> remove_any(const Place& place) {
  if (is_folder(place, place.name)) return remove_tree(place);
  return unlinkat(place.folder.get(), place.name.c_str(), 0) == 0 ? Result<void>() : file_error(errno, place.name);
}

bool begins_with(const RequestPath& path, const RequestPath& start) {
  return path.names.size() >= start.names.size() && std::equal(start.names.begin(), start.names.end(), path.names.begin());
}

}  // namespace

std::string hidden_name() {
  std::array<uint8_t, 12> random;
  SystemEntropy().fill(random);
  return std::string(upload_prefix) + to_hex(random);
}

Result<Placed> take_name(const Place& target, const std::string& hidden, Existing existing) {
  int folder = target.folder.get();
  int number = rename_without_replacing(folder, hidden, folder, target.name);
  bool replaces = number == EEXIST && existing == Existing::replace;
  if (number && !replaces) return file_error(number, target.name);
  if (replaces) {
    bool in_one_step = !is_folder(target, target.name) && !is_folder(target, hidden);
    if (!in_one_step) {
      if (auto removed = remove_any(target); !removed) return removed.error();
    }
    if (renameat(folder, hidden.c_str(), folder, target.name.c_str()) != 0) return file_error(errno, target.name);
  }
  fsync(folder);
  return Placed{replaces};
}

Result<Placed> copy_entry(const Root& root, const RequestPath& from, const RequestPath& to, bool deep, Existing existing) {
  auto source = root.place(from);
  if (!source) return source.error();
  auto target = root.place(to);
  if (!target) return target.error();
  if (auto named = check_new_name(target->name); !named) return named.error();
  if (begins_with(to, from) || (deep && begins_with(from, to)))
    return Error{ErrorCode::state, "Nothing can be copied into itself, nor over what holds it.", "Choose another place."};
  struct stat there;
  bool exists = fstatat(target->folder.get(), target->name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0;
  if (exists && existing == Existing::keep) return file_error(EEXIST, target->name);
  Place hidden{FileDescriptor(dup(target->folder.get())), hidden_name()};
  auto copied = Copier(deep).copy(source->folder.get(), source->name.c_str(), hidden.folder.get(), hidden.name, 1);
  auto placed = copied ? take_name(*target, hidden.name, existing) : Result<Placed>(copied.error());
  if (!placed) static_cast<void>(remove_any(hidden));
  return placed;
}

}  // namespace drawbridge::folder
