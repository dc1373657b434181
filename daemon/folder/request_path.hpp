// RequestPath: the path of a URL, taken apart into names below the folder's root. What is held here cannot leave the
// root by its spelling; Root makes sure that it does not leave it through the file system either.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "keys/result.hpp"

namespace drawbridge::folder {

// Names of uploads under way begin so. Nobody can list, read or make them.
constexpr std::string_view upload_prefix = ".drawbridge-upload-";
// The page's own files are below this first segment; a file of that name at the root cannot be reached.
constexpr std::string_view reserved_segment = ".drawbridge";

struct RequestPath {
  std::vector<std::string> names;  // decoded; none is empty, "." or "..", none holds '/', NUL or a control character
  bool folder_form = false;        // the URL ends in '/'; true for the root

  bool is_root() const { return names.empty(); }
  bool is_reserved() const { return !names.empty() && names.front() == reserved_segment; }
  const std::string& name() const { return names.back(); }  // not of the root
  RequestPath parent() const;
  RequestPath child(std::string name) const;
  // Relative to the root, for openat2: "a/b"; "." for the root.
  std::string relative() const;
  // The URL's path, encoded: "/a/b" or "/a/b/".
  std::string url() const;
};

// `raw`: the path as it stood in the request line, before any decoding, without the query. Percent escapes are decoded
// exactly once. `malformed`: not a path that names something below a root; `not_found`: a name that only we may use.
Result<RequestPath> parse_request_path(std::string_view raw);

// Whether a new file or folder may be called so: 1 to 255 bytes of UTF-8 that looks like what it is (no control
// characters, no overrides of writing direction, no space at the ends) and is not ours.
Result<void> check_new_name(const std::string& name);

// %XX decoded once. False: an escape is not one.
bool percent_decode(std::string_view text, std::string& out);

}  // namespace drawbridge::folder
