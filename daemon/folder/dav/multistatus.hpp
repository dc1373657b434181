// The answer to PROPFIND (RFC 4918 section 9.1), made while it is sent: a folder of any size in little memory.
#pragma once

#include <dirent.h>

#include <memory>

#include "daemon/folder/dav/properties.hpp"
#include "daemon/folder/root.hpp"

namespace drawbridge::folder::dav {

constexpr std::string_view multistatus_start = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:multistatus xmlns:D=\"DAV:\">\n";
constexpr std::string_view multistatus_end = "</D:multistatus>\n";

// <D:response> of one resource.
std::string describe(const Resource& resource, const PropertyRequest& request, LockTable& locks);

class MultistatusStream {
 public:
  // `root` and `locks` must outlive the stream. `fd`: of `path`, opened; `children`: also what is in it.
  MultistatusStream(const Root& root, LockTable& locks, PropertyRequest request, RequestPath path, FileDescriptor fd, bool children);

  // The next bytes, at most `max`, at least one; 0: the end.
  size_t read(char* into, size_t max);

 private:
  struct CloseFolder {
    void operator()(DIR* folder) const { closedir(folder); }
  };
  bool make_more();
  void describe_child(const char* name);
  bool needs_open_files() const;

  const Root& root_;
  LockTable& locks_;
  PropertyRequest request_;
  RequestPath path_;
  FileDescriptor fd_;
  bool children_;
  std::unique_ptr<DIR, CloseFolder> folder_;
  std::string ready_{multistatus_start};
  size_t taken_ = 0;
  enum class Next { itself, children, end, nothing } next_ = Next::itself;
};

}  // namespace drawbridge::folder::dav
