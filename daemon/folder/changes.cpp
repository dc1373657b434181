#include "daemon/folder/changes.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>

#include "daemon/folder/tree_removal.hpp"

namespace drawbridge::folder {
namespace {

mode_t folder_mode(int folder) {
  struct stat status;
  return fstat(folder, &status) == 0 ? status.st_mode & 07777 : 0700;
}

bool is_folder(const Place& place) {
  struct stat status;
  return fstatat(place.folder.get(), place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

// For file systems without RENAME_NOREPLACE. A hard link never replaces; a folder cannot have one, and rename(2)
// replaces only an empty folder by another.
int rename_by_link(int from_folder, const std::string& from, int to_folder, const std::string& to) {
  if (linkat(from_folder, from.c_str(), to_folder, to.c_str(), 0) == 0)
    return unlinkat(from_folder, from.c_str(), 0) == 0 ? 0 : errno;
  if (errno == EEXIST) return EEXIST;
  struct stat status;
  if (fstatat(to_folder, to.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) return EEXIST;
  return renameat(from_folder, from.c_str(), to_folder, to.c_str()) == 0 ? 0 : errno;
}

// What cannot be replaced in one step (a folder, or by one) is set aside first, so that a failure loses nothing.
int rename_replacing(const Place& source, const Place& target) {
  struct stat moved;
  if (fstatat(source.folder.get(), source.name.c_str(), &moved, AT_SYMLINK_NOFOLLOW) != 0) return errno;
  int to = target.folder.get();
  if (!S_ISDIR(moved.st_mode) && !is_folder(target)) return renameat(source.folder.get(), source.name.c_str(), to, target.name.c_str()) == 0 ? 0 : errno;
  Place aside{FileDescriptor(dup(to)), hidden_name()};
  if (renameat(to, target.name.c_str(), to, aside.name.c_str()) != 0) return errno;
  if (renameat(source.folder.get(), source.name.c_str(), to, target.name.c_str()) != 0) {
    int number = errno;
    renameat(to, aside.name.c_str(), to, target.name.c_str());
    return number;
  }
  // What cannot go now goes within a week.
  if (is_folder(aside)) static_cast<void>(remove_tree(aside));
  else unlinkat(to, aside.name.c_str(), 0);
  return 0;
}

}  // namespace

mode_t new_file_mode(int folder) {
  return folder_mode(folder) & 0666;
}

int rename_without_replacing(int from_folder, const std::string& from, int to_folder, const std::string& to) {
  if (renameat2(from_folder, from.c_str(), to_folder, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  return rename_by_link(from_folder, from, to_folder, to);
}

Result<void> make_folder(const Root& root, const RequestPath& path) {
  auto place = root.place(path);
  if (!place) return place.error();
  if (auto named = check_new_name(place->name); !named) return named;
  mode_t mode = folder_mode(place->folder.get());
  if (mkdirat(place->folder.get(), place->name.c_str(), 0700) != 0) return file_error(errno, place->name);
  // The daemon's own umask is for its secrets, not for the office's files.
  FileDescriptor made(
      openat(place->folder.get(), place->name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (made) fchmod(made.get(), mode);
  fsync(place->folder.get());
  return {};
}

Result<Placed> move_entry(const Root& root, const RequestPath& from, const RequestPath& to, Existing existing) {
  auto source = root.place(from);
  if (!source) return source.error();
  auto target = root.place(to);
  if (!target) return target.error();
  if (auto named = check_new_name(target->name); !named) return named.error();
  if (from.names == to.names) return Error{ErrorCode::not_allowed, "This is where it is already.", "Choose another place."};
  int number = rename_without_replacing(source->folder.get(), source->name, target->folder.get(), target->name);
  bool replaces = number == EEXIST && existing == Existing::replace;
  if (replaces) number = rename_replacing(*source, *target);
  if (number == EINVAL)
    return Error{ErrorCode::state, "A folder cannot be moved into itself.", "Choose another place."};
  if (number == EXDEV)
    return Error{ErrorCode::state, "The two places are on different disks of the office.",
                 "Download it and upload it there."};
  if (number) return file_error(number, number == EEXIST ? target->name : source->name);
  fsync(target->folder.get());
  return Placed{replaces};
}

Result<void> delete_entry(const Root& root, const RequestPath& path, Contents contents) {
  auto place = root.place(path);
  if (!place) return place.error();
  if (contents == Contents::remove && is_folder(*place)) return remove_tree(*place);
  if (unlinkat(place->folder.get(), place->name.c_str(), is_folder(*place) ? AT_REMOVEDIR : 0) == 0) return {};
  return file_error(errno == EEXIST ? ENOTEMPTY : errno, place->name);
}

}  // namespace drawbridge::folder
