// Root: the exposed folder as a descriptor, and the only way from a RequestPath to a file.
//
// The kernel resolves each path with openat2(RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS): symbolic links that stay below
// the root are followed, those that lead out of it (all absolute ones among them) are refused. Nothing is checked
// first and opened later by name, so a change of the tree in between gains nothing.
#pragma once

#include <sys/stat.h>

#include <string>

#include "daemon/folder/request_path.hpp"
#include "daemon/io/file_descriptor.hpp"
#include "keys/bytes.hpp"
#include "keys/result.hpp"

namespace drawbridge::folder {

// The same words and codes for every failure of a file operation. `number` is an errno; `what` names the thing.
Error file_error(int number, const std::string& what);

// A folder inside the root and a name in it that may or may not exist.
struct Place {
  FileDescriptor folder;
  std::string name;
};

class Root {
 public:
  // `path`: absolute. `not_found` or `not_allowed` if it cannot be opened as a folder now; `not_allowed`, too, if `state`
  // lies in it, the office's own (daemon/services/own_state.hpp): it may have come to do so since it was exposed.
  static Result<Root> open(const std::string& path, const std::string& state = {});

  // For reading: a regular file or a folder, nothing else (`not_allowed` for devices, pipes and sockets, which are
  // not opened). `status` is what was opened.
  Result<FileDescriptor> open_entry(const RequestPath& path, struct stat& status) const;
  Result<FileDescriptor> open_folder(const RequestPath& path) const;
  // What `path` is, links followed; false: nothing that can be reached.
  bool status(const RequestPath& path, struct stat& out) const;
  // The folder that holds `path`, and its last name. `invalid_argument` for the root itself.
  Result<Place> place(const RequestPath& path) const;

 private:
  explicit Root(FileDescriptor fd) : fd_(std::move(fd)) {}
  Result<FileDescriptor> resolve(const RequestPath& path, int flags) const;

  FileDescriptor fd_;
};

}  // namespace drawbridge::folder
