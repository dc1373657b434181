#include "daemon/folder/request_path.hpp"

#include <algorithm>
#include <cstdint>

#include "daemon/folder/text_escape.hpp"
#include "protocol/wire/utf8.hpp"

namespace drawbridge::folder {
namespace {

constexpr size_t longest_raw_path = 12 * 1024;  // three characters for each byte of the longest path
constexpr size_t longest_path = 4095;           // PATH_MAX without its NUL
constexpr size_t longest_name = 255;            // NAME_MAX

Error malformed(const char* message) {
  return {ErrorCode::malformed, message, "Open the folder's first page and go on from there."};
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7f; });
}

Result<std::string> decode_name(std::string_view segment) {
  std::string name;
  if (!percent_decode(segment, name)) return malformed("The address holds an escape that is not one.");
  if (name.empty() || name == "." || name == "..") return malformed("The address holds an empty, '.' or '..' part.");
  if (name.find('/') != std::string::npos || has_control(name))
    return malformed("The address holds a character that no name has.");
  if (name.size() > longest_name) return malformed("The address holds a name that is too long.");
  if (name.starts_with(upload_prefix)) return Error{ErrorCode::not_found, "There is no such file.", ""};
  return name;
}

// Characters that make a name look like another one: C1 controls, marks and overrides of direction, line separators,
// the zero-width no-break space. All are two or three bytes long in UTF-8.
bool misleads(std::string_view name) {
  for (size_t i = 0; i + 1 < name.size(); ++i) {
    std::string_view two = name.substr(i, 2), three = name.substr(i, 3);
    if (two[0] == '\xC2' && static_cast<uint8_t>(two[1]) < 0xA0) return true;
    if (three >= "\xE2\x80\xA8" && three <= "\xE2\x80\xAE") return true;
    if (three >= "\xE2\x81\xA6" && three <= "\xE2\x81\xA9") return true;
    if (three == "\xE2\x80\x8E" || three == "\xE2\x80\x8F" || three == "\xEF\xBB\xBF") return true;
  }
  return false;
}

}  // namespace

bool percent_decode(std::string_view text, std::string& out) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1,
        low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return false;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return true;
}

RequestPath RequestPath::parent() const {
  RequestPath out{names, true};
  if (!out.names.empty()) out.names.pop_back();
  return out;
}

RequestPath RequestPath::child(std::string name) const {
  RequestPath out{names, false};
  out.names.push_back(std::move(name));
  return out;
}

std::string RequestPath::relative() const {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : "/") + name;
  return out.empty() ? "." : out;
}

std::string RequestPath::url() const {
  std::string out = "/";
  for (const std::string& name : names) out += percent_encode(name) + "/";
  if (!folder_form && !names.empty()) out.pop_back();
  return out;
}

Result<RequestPath> parse_request_path(std::string_view raw) {
  if (raw.empty() || raw.front() != '/') return malformed("The address is not a path.");
  if (raw.size() > longest_raw_path) return malformed("The address is too long.");
  RequestPath path;
  path.folder_form = raw.back() == '/';
  raw.remove_prefix(1);
  if (raw.empty()) return path;
  if (path.folder_form) raw.remove_suffix(1);
  for (size_t slash = 0; slash != std::string_view::npos; raw.remove_prefix(slash + 1)) {
    slash = raw.find('/');
    auto name = decode_name(raw.substr(0, slash));
    if (!name) return name.error();
    path.names.push_back(name.take());
    if (slash == std::string_view::npos) break;
  }
  if (path.relative().size() > longest_path) return malformed("The address is too long.");
  return path;
}

Result<void> check_new_name(const std::string& name) {
  auto refused = [](const char* why) { return Error{ErrorCode::invalid_argument, why, "Choose another name."}; };
  if (name.empty() || name == "." || name == "..") return refused("This is not a name.");
  if (name.size() > longest_name) return refused("The name is too long: at most 255 bytes.");
  if (name.find('/') != std::string::npos || has_control(name))
    return refused("The name holds a character that no name may have.");
  if (!is_utf8(as_bytes(name)) || misleads(name)) return refused("The name holds characters that cannot be seen.");
  if (name.front() == ' ' || name.back() == ' ') return refused("The name begins or ends with a space.");
  if (name.starts_with(upload_prefix) || name == reserved_segment)
    return refused("Drawbridge keeps this name for itself.");
  return {};
}

}  // namespace drawbridge::folder
