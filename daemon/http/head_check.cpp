#include "daemon/http/head_check.hpp"

#include <algorithm>
#include <cstdint>

namespace drawbridge::http {
namespace {

bool is_token_character(char c) {
  bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return alphanumeric || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_text(char c) {
  return (static_cast<uint8_t>(c) >= 0x20 && c != 0x7f) || c == '\t';
}

// "GET /path HTTP/1.1": three words, one space between.
bool is_request_line(std::string_view line) {
  size_t first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return false;
  std::string_view method = line.substr(0, first), target = line.substr(first + 1, last - first - 1);
  auto visible = [](char c) { return c > 0x20 && c < 0x7f; };
  if (method.empty() || !std::all_of(method.begin(), method.end(), is_token_character)) return false;
  return !target.empty() && std::all_of(target.begin(), target.end(), visible) &&
         line.substr(last + 1).starts_with("HTTP/1.");
}

bool is_header_line(std::string_view line) {
  size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  std::string_view name = line.substr(0, colon), value = line.substr(colon + 1);
  return std::all_of(name.begin(), name.end(), is_token_character) && std::all_of(value.begin(), value.end(), is_text);
}

}  // namespace

HeadCheck check_head(std::string_view bytes) {
  size_t at = 0;
  for (size_t lines = 0;; ++lines) {
    size_t end = bytes.find_first_of(std::string_view("\r\n\0", 3), at);
    if (end == std::string_view::npos || end + 1 == bytes.size()) {
      bool cr_at_most = end == std::string_view::npos || bytes[end] == '\r';
      if (!cr_at_most) return {HeadCheck::Kind::malformed};
      return {bytes.size() >= longest_request_head ? HeadCheck::Kind::too_long : HeadCheck::Kind::incomplete};
    }
    if (bytes[end] != '\r' || bytes[end + 1] != '\n') return {HeadCheck::Kind::malformed};
    std::string_view line = bytes.substr(at, end - at);
    at = end + 2;
    if (at > longest_request_head || lines > most_headers) return {HeadCheck::Kind::too_long};
    if (line.empty() && lines > 0) return {HeadCheck::Kind::complete, at};
    if (lines == 0 ? !is_request_line(line) : !is_header_line(line)) return {HeadCheck::Kind::malformed};
  }
}

}  // namespace drawbridge::http
