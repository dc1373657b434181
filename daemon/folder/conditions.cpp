#include "daemon/folder/conditions.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "daemon/folder/http_date.hpp"

namespace drawbridge::folder {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Whether a list of entity tags names this one. Our tags hold no comma. Strong: a weak tag never matches.
bool lists(std::string_view list, const std::string& tag, bool strong) {
  if (trimmed(list) == "*") return !tag.empty();
  while (!list.empty()) {
    size_t comma = std::min(list.find(','), list.size());
    std::string_view one = trimmed(list.substr(0, comma));
    if (!strong && one.starts_with("W/")) one.remove_prefix(2);
    if (!tag.empty() && one == tag) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

bool parse_number(std::string_view text, uint64_t& out) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return !text.empty() && error == std::errc() && end == text.data() + text.size();
}

// Section 13.1.5: a part only of the very version that the client holds a part of.
bool still_the_same(std::string_view if_range, const Version& version) {
  if (if_range.empty()) return true;
  if (if_range.front() == '"') return if_range == version.tag;
  return parse_http_date(if_range) == version.modified;
}

RangeChoice from_to(uint64_t first, uint64_t last, uint64_t size) {
  if (first >= size) return {std::nullopt, true};
  return {ByteRange{first, std::min(last, size - 1) - first + 1}};
}

}  // namespace

Version version_of(const struct stat& status) {
  char tag[96];
  std::snprintf(tag, sizeof tag, "\"%llx-%llx-%llx.%lx-%llx.%lx\"", static_cast<unsigned long long>(status.st_ino),
                static_cast<unsigned long long>(status.st_size), static_cast<unsigned long long>(status.st_mtim.tv_sec),
                status.st_mtim.tv_nsec, static_cast<unsigned long long>(status.st_ctim.tv_sec), status.st_ctim.tv_nsec);
  return {tag, status.st_mtim.tv_sec};
}

Outcome evaluate(const Conditions& conditions, const Version& version, bool reading) {
  if (!conditions.if_match.empty()) {
    if (!lists(conditions.if_match, version.tag, true)) return Outcome::precondition_failed;
  } else if (auto date = parse_http_date(conditions.if_unmodified_since)) {
    if (version.modified > *date) return Outcome::precondition_failed;
  }
  if (!conditions.if_none_match.empty()) {
    if (lists(conditions.if_none_match, version.tag, false))
      return reading ? Outcome::not_modified : Outcome::precondition_failed;
  } else if (auto date = parse_http_date(conditions.if_modified_since); date && reading) {
    if (version.modified <= *date) return Outcome::not_modified;
  }
  return Outcome::go_on;
}

RangeChoice choose_range(const Conditions& conditions, const Version& version, uint64_t size) {
  std::string_view range = conditions.range;
  if (!range.starts_with("bytes=") || !still_the_same(conditions.if_range, version)) return {};
  range.remove_prefix(6);
  range = trimmed(range);
  size_t dash = range.find('-');
  if (dash == std::string_view::npos) return {};
  uint64_t first = 0, last = 0;
  bool has_first = parse_number(range.substr(0, dash), first), has_last = parse_number(range.substr(dash + 1), last);
  if (has_first && has_last) return first <= last ? from_to(first, last, size) : RangeChoice{};
  if (has_first && dash + 1 == range.size()) return from_to(first, UINT64_MAX, size);
  if (dash != 0 || !has_last) return {};
  // The last so many bytes.
  return last == 0 || size == 0 ? RangeChoice{std::nullopt, true}
                                : from_to(size - std::min(last, size), size - 1, size);
}

}  // namespace drawbridge::folder
