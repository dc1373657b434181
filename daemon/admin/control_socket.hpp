// The control socket's place in the file system. It stays while the bridge behind it is opened anew: a client that
// comes in between waits a moment and is served.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "daemon/io/file_descriptor.hpp"
#include "keys/result.hpp"

namespace drawbridge::admin {

class ControlSocket {
 public:
  // Listening at `path`, mode 0600; with a group, 0660 and that group's. Replaces what is there: the caller holds the
  // state's lock, so it is stale. `io` if this process may not give the file to that group.
  static Result<ControlSocket> open(const std::string& path, std::optional<gid_t> group = std::nullopt);
  ControlSocket(ControlSocket&& other) noexcept;
  ControlSocket& operator=(ControlSocket&&) = delete;
  ~ControlSocket();  // takes it out of the file system

  int listener() const { return fd_.get(); }

 private:
  ControlSocket(FileDescriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  FileDescriptor fd_;
  std::string path_;
};

}  // namespace drawbridge::admin
