#include "daemon/folder/tree_removal.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace drawbridge::folder {
namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};
using OpenFolder = std::unique_ptr<DIR, CloseFolder>;

// The folder itself, never what a link of its name points to. errno is kept on failure.
OpenFolder open_folder(int parent, const char* name) {
  FileDescriptor fd(openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return nullptr;
  OpenFolder folder(fdopendir(fd.get()));
  if (folder) fd.release();
  return folder;
}

bool is_dots(const char* name) {
  return std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0;
}

// `visit(folder, name, status)` for everything in it.
template <typename Visit>
Result<void> for_each_entry(DIR* folder, Visit visit) {
  while (const dirent* found = readdir(folder)) {
    if (is_dots(found->d_name)) continue;
    struct stat status;
    if (fstatat(dirfd(folder), found->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) continue;  // gone meanwhile: as wanted
      return file_error(errno, found->d_name);
    }
    if (auto visited = visit(dirfd(folder), found->d_name, status); !visited) return visited;
  }
  return {};
}

class Census {
 public:
  explicit Census(dev_t disk) : disk_(disk) {}

  Result<void> look(int parent, const char* name, int depth) {
    if (depth > deepest_removal) return too_much("The folders in it are too deep inside one another");
    OpenFolder folder = open_folder(parent, name);
    if (!folder) return file_error(errno, name);
    return for_each_entry(folder.get(), [&](int inside, const char* entry, const struct stat& status) -> Result<void> {
      if (++entries_ > largest_removal) return too_much("There is too much in it");
      if (!S_ISDIR(status.st_mode)) return {};
      if (status.st_dev != disk_) return too_much("Another disk is mounted in it");
      return look(inside, entry, depth + 1);
    });
  }

 private:
  static Error too_much(const std::string& what) {
    return {ErrorCode::try_later, what + " to be deleted at once. Nothing was deleted.",
            "Delete the folders in it one by one."};
  }

  dev_t disk_;
  size_t entries_ = 0;
};

Result<void> remove_folder(int parent, const char* name, dev_t disk, int depth) {
  OpenFolder folder = open_folder(parent, name);
  if (!folder) return errno == ENOENT ? Result<void>() : file_error(errno, name);
  struct stat own;
  if (fstat(dirfd(folder.get()), &own) != 0) return file_error(errno, name);
  // Since the census somebody may have mounted or nested more.
  if (own.st_dev != disk || depth > deepest_removal) return file_error(EBUSY, name);
  auto emptied =
      for_each_entry(folder.get(), [&](int inside, const char* entry, const struct stat& status) -> Result<void> {
        if (S_ISDIR(status.st_mode)) return remove_folder(inside, entry, disk, depth + 1);
        if (unlinkat(inside, entry, 0) == 0 || errno == ENOENT) return {};
        return file_error(errno, entry);
      });
  if (!emptied) return emptied;
  if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return {};
  return file_error(errno == EEXIST ? ENOTEMPTY : errno, name);
}

}  // namespace

Result<void> remove_tree(const Place& place) {
  int parent = place.folder.get();
  struct stat status;
  if (fstatat(parent, place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return file_error(errno, place.name);
  if (auto looked = Census(status.st_dev).look(parent, place.name.c_str(), 1); !looked) return looked;
  return remove_folder(parent, place.name.c_str(), status.st_dev, 1);
}

}  // namespace drawbridge::folder
