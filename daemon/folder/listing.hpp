// Listing: what a folder holds, read once, and its forms: JSON for the page's script, HTML for everything else.
#pragma once

#include <string>
#include <vector>

#include "daemon/folder/media_type.hpp"
#include "daemon/folder/root.hpp"

namespace drawbridge::folder {

struct Entry {
  std::string name;  // as on the disk: any bytes but '/' and NUL
  bool is_folder = false;
  uint64_t bytes = 0;       // of a file
  int64_t modified_ms = 0;  // since 1970
};

struct Listing {
  RequestPath path;
  std::vector<Entry> entries;  // folders first, then by name
  bool truncated = false;      // there is more than is listed
  bool writable = false;       // something may be added
  uint64_t free_bytes = 0;     // on this folder's disk, for us
};

// At most this many entries of a folder are listed (memory: about 300 bytes each while a reply is made).
constexpr size_t longest_listing = 20'000;

// Regular files and folders, links to such inside the root; nothing else. Removes uploads that nobody has continued for
// a week.
Result<Listing> read_listing(const Root& root, const RequestPath& path);

// {"service","path":[…],"writable","truncated","free_bytes","entries":[{"name","url","kind","bytes","modified_ms","preview"}]}
// `url` is relative to the folder and null if the name cannot stand in an address.
std::string to_json(const Listing& listing, const std::string& service);

}  // namespace drawbridge::folder
