#include "daemon/folder/text_escape.hpp"

#include <cstdint>

#include "protocol/wire/utf8.hpp"

namespace drawbridge::folder {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

// Length of the well-formed character at `at`; 0: none there.
size_t character_length(std::string_view text, size_t at) {
  for (size_t length = 1; length <= 4 && at + length <= text.size(); ++length) {
    if (is_utf8(as_bytes(text.substr(at, length)))) return length;
  }
  return 0;
}

void append_unicode_escape(std::string& out, unsigned code) {
  constexpr const char* digits = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += digits[(code >> shift) & 15];
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

void append_json(std::string& out, char c) {
  bool plain =
      static_cast<uint8_t>(c) >= 0x20 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&' && c != 0x7f;
  if (plain) {
    out += c;
  } else {
    append_unicode_escape(out, static_cast<uint8_t>(c));
  }
}

}  // namespace

std::string repair_utf8(std::string_view text) {
  if (is_utf8(as_bytes(text))) return std::string(text);
  std::string out;
  for (size_t at = 0; at < text.size();) {
    size_t length = character_length(text, at);
    out += length ? text.substr(at, length) : replacement;
    at += length ? length : 1;
  }
  return out;
}

std::string escape_html(std::string_view text) {
  std::string out;
  for (char c : repair_utf8(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '\0':
        out += replacement;
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string quote_json(std::string_view text) {
  std::string repaired = repair_utf8(text);
  std::string out = "\"";
  for (size_t at = 0; at < repaired.size(); ++at) {
    // U+2028 and U+2029 end a line in JavaScript.
    bool separator =
        repaired.compare(at, 2, "\xE2\x80") == 0 && at + 2 < repaired.size() && (repaired[at + 2] & ~1) == '\xA8';
    if (separator) {
      append_unicode_escape(out, repaired[at + 2] == '\xA8' ? 0x2028 : 0x2029);
      at += 2;
    } else {
      append_json(out, repaired[at]);
    }
  }
  return out + '"';
}

std::string percent_encode(std::string_view segment) {
  constexpr const char* digits = "0123456789ABCDEF";
  std::string out;
  for (char c : segment) {
    if (is_unreserved(c)) {
      out += c;
    } else {
      out += '%';
      out += digits[static_cast<uint8_t>(c) >> 4];
      out += digits[static_cast<uint8_t>(c) & 15];
    }
  }
  return out;
}

}  // namespace drawbridge::folder
