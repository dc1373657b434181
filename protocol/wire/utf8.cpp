#include "protocol/wire/utf8.hpp"

namespace drawbridge {
namespace {

struct LeadByte {
  size_t following = 0;      // continuation bytes; 0 with `valid` unset: not a lead byte
  uint8_t first_min = 0x80;  // range of the first continuation byte (RFC 3629, section 4)
  uint8_t first_max = 0xbf;
  bool valid = false;
};

LeadByte classify(uint8_t lead) {
  if (lead < 0x80) return {0, 0, 0, true};
  if (lead >= 0xc2 && lead <= 0xdf) return {1, 0x80, 0xbf, true};
  if (lead == 0xe0) return {2, 0xa0, 0xbf, true};
  if (lead == 0xed) return {2, 0x80, 0x9f, true};
  if (lead >= 0xe1 && lead <= 0xef) return {2, 0x80, 0xbf, true};
  if (lead == 0xf0) return {3, 0x90, 0xbf, true};
  if (lead >= 0xf1 && lead <= 0xf3) return {3, 0x80, 0xbf, true};
  if (lead == 0xf4) return {3, 0x80, 0x8f, true};
  return {};
}

// Bytes of the character at `at`; 0: none is there, or not all of it.
size_t character_at(ByteView bytes, size_t at) {
  LeadByte lead = classify(bytes[at]);
  if (!lead.valid || bytes.size() - at - 1 < lead.following) return 0;
  for (size_t i = 1; i <= lead.following; ++i) {
    uint8_t low = i == 1 ? lead.first_min : 0x80, high = i == 1 ? lead.first_max : 0xbf;
    if (bytes[at + i] < low || bytes[at + i] > high) return 0;
  }
  return 1 + lead.following;
}

size_t well_formed(ByteView bytes) {
  size_t at = 0;
  while (at < bytes.size()) {
    size_t length = character_at(bytes, at);
    if (length == 0) break;
    at += length;
  }
  return at;
}

}  // namespace

bool is_utf8(ByteView bytes) { return well_formed(bytes) == bytes.size(); }

std::string_view utf8_prefix(std::string_view text, size_t most) {
  text = text.substr(0, most);
  return text.substr(0, well_formed(as_bytes(text)));
}

bool is_plain_text(std::string_view text) {
  if (!is_utf8(as_bytes(text))) return false;
  auto byte = [&](size_t at) { return at < text.size() ? static_cast<uint8_t>(text[at]) : uint8_t{0}; };
  for (size_t i = 0; i < text.size(); ++i) {
    if (byte(i) < 0x20 || byte(i) == 0x7f) return false;
    if (byte(i) == 0xc2 && byte(i + 1) < 0xa0) return false;  // U+0080 to U+009F
    if (byte(i) != 0xe2) continue;
    if (byte(i + 1) == 0x80 && byte(i + 2) >= 0xa8 && byte(i + 2) <= 0xae) return false;  // U+2028 to U+202E
    if (byte(i + 1) == 0x81 && byte(i + 2) >= 0xa6 && byte(i + 2) <= 0xa9) return false;  // U+2066 to U+2069
  }
  return true;
}

}  // namespace drawbridge
