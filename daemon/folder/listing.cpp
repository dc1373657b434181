#include "daemon/folder/listing.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <memory>

#include "daemon/folder/text_escape.hpp"
#include "daemon/folder/tree_removal.hpp"

namespace drawbridge::folder {
namespace {

constexpr time_t upload_lifetime_s = 7 * 24 * 3600;

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};
using OpenFolder = std::unique_ptr<DIR, CloseFolder>;

bool status_of(int folder, const Root& root, const RequestPath& path, struct stat& out) {
  if (fstatat(folder, path.name().c_str(), &out, AT_SYMLINK_NOFOLLOW) != 0) return false;
  return !S_ISLNK(out.st_mode) || root.status(path, out);
}

void remove_if_abandoned(int folder, const char* name) {
  struct stat status;
  if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return;
  if (time(nullptr) - status.st_mtim.tv_sec <= upload_lifetime_s) return;
  if (S_ISDIR(status.st_mode)) static_cast<void>(remove_tree({FileDescriptor(dup(folder)), name}));
  else unlinkat(folder, name, 0);
}

Entry make_entry(std::string name, const struct stat& status) {
  bool is_folder = S_ISDIR(status.st_mode);
  return {std::move(name), is_folder, is_folder ? 0 : static_cast<uint64_t>(status.st_size),
          status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1'000'000};
}

void read_entries(DIR* folder, const Root& root, Listing& listing) {
  while (const dirent* found = readdir(folder)) {
    std::string name = found->d_name;
    if (name == "." || name == ".." || (listing.path.is_root() && name == reserved_segment)) continue;
    if (name.starts_with(upload_prefix)) {
      remove_if_abandoned(dirfd(folder), found->d_name);
      continue;
    }
    struct stat status;
    if (!status_of(dirfd(folder), root, listing.path.child(name), status)) continue;
    if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) continue;
    listing.truncated = listing.entries.size() == longest_listing;
    if (listing.truncated) return;
    listing.entries.push_back(make_entry(std::move(name), status));
  }
}

std::string url_of(const Entry& entry) {
  return percent_encode(entry.name) + (entry.is_folder ? "/" : "");
}

std::string to_json(const Entry& entry, const RequestPath& folder) {
  std::string url = url_of(entry);
  bool reachable = parse_request_path(folder.url() + url).ok();
  std::string out = "{\"name\":" + quote_json(entry.name);
  out += ",\"url\":" + (reachable ? quote_json(url) : "null");
  out += std::string(",\"kind\":\"") + (entry.is_folder ? "folder" : "file") + '"';
  out += ",\"bytes\":" + (entry.is_folder ? "null" : std::to_string(entry.bytes));
  out += ",\"modified_ms\":" + std::to_string(entry.modified_ms);
  Preview preview = entry.is_folder ? Preview::none : media_type(entry.name).preview;
  return out + ",\"preview\":\"" + preview_name(preview) + "\"}";
}

}  // namespace

Result<Listing> read_listing(const Root& root, const RequestPath& path) {
  auto fd = root.open_folder(path);
  if (!fd) return fd.error();
  Listing listing;
  listing.path = path;
  listing.writable = faccessat(fd->get(), ".", W_OK | X_OK, AT_EACCESS) == 0;
  struct statvfs disk;
  if (fstatvfs(fd->get(), &disk) == 0) listing.free_bytes = static_cast<uint64_t>(disk.f_bavail) * disk.f_frsize;
  OpenFolder folder(fdopendir(fd->get()));
  if (!folder) return file_error(errno, path.is_root() ? "folder" : path.name());
  fd->release();
  read_entries(folder.get(), root, listing);
  std::sort(listing.entries.begin(), listing.entries.end(),
            [](const Entry& a, const Entry& b) { return a.is_folder != b.is_folder ? a.is_folder : a.name < b.name; });
  return listing;
}

std::string to_json(const Listing& listing, const std::string& service) {
  std::string out = "{\"service\":" + quote_json(service) + ",\"path\":[";
  for (const std::string& name : listing.path.names) out += (out.back() == '[' ? "" : ",") + quote_json(name);
  out += std::string("],\"writable\":") + (listing.writable ? "true" : "false");
  out += std::string(",\"truncated\":") + (listing.truncated ? "true" : "false");
  out += ",\"free_bytes\":" + std::to_string(listing.free_bytes) + ",\"entries\":[";
  for (const Entry& entry : listing.entries) out += (out.back() == '[' ? "" : ",") + to_json(entry, listing.path);
  return out + "]}";
}

}  // namespace drawbridge::folder
