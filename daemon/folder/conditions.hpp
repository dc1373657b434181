// Conditional requests and ranges of one file: RFC 9110 sections 13 and 14. Pure: header text in, decision out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

struct stat;

namespace drawbridge::folder {

// A file's state, as conditions compare it.
struct Version {
  std::string tag;       // strong entity tag with its quotes; empty: the file does not exist
  int64_t modified = 0;  // seconds since 1970
};
// Changes with content, size, times and identity of the file.
Version version_of(const struct stat& status);

// Header values as sent; empty: absent.
struct Conditions {
  std::string_view if_match, if_none_match, if_modified_since, if_unmodified_since, if_range, range;
};

enum class Outcome { go_on, not_modified, precondition_failed };
// In the order of section 13.2.2. `reading`: GET or HEAD.
Outcome evaluate(const Conditions& conditions, const Version& version, bool reading);

struct ByteRange {
  uint64_t first = 0, length = 0;
};
struct RangeChoice {
  std::optional<ByteRange> part;  // empty: the whole file
  bool unsatisfiable = false;     // 416
};
// One range only: several, other units and malformed ones are answered with the whole file, as section 14.2 allows.
RangeChoice choose_range(const Conditions& conditions, const Version& version, uint64_t size);

}  // namespace drawbridge::folder
