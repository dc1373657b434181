#include "protocol/base/address.hpp"

#include <charconv>

namespace drawbridge {
namespace {

constexpr std::array<uint8_t, 12> v4_mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

Error malformed(std::string_view text) {
  return {ErrorCode::invalid_argument, "'" + std::string(text.substr(0, 80)) + "' is not an address.",
          "Write it as 192.0.2.1:7470 or [2001:db8::1]:7470."};
}

template <typename Number>
bool parse_number(std::string_view text, Number& value, int base = 10) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

bool parse_v4(std::string_view text, uint8_t* out) {
  for (int i = 0; i < 4; ++i) {
    size_t dot = text.find('.');
    if ((i < 3) == (dot == std::string_view::npos)) return false;
    std::string_view part = text.substr(0, dot);
    unsigned value = 0;
    if (part.size() > 3 || !parse_number(part, value) || value > 255) return false;
    out[i] = static_cast<uint8_t>(value);
    if (i < 3) text.remove_prefix(dot + 1);
  }
  return true;
}

// Groups of one side of "::" into `groups`; the count, or -1.
int parse_groups(std::string_view text, std::array<uint16_t, 8>& groups) {
  int count = 0;
  while (!text.empty()) {
    if (count == 8) return -1;
    size_t colon = text.find(':');
    std::string_view part = text.substr(0, colon);
    if (part.find('.') != std::string_view::npos) {
      std::array<uint8_t, 4> v4{};
      if (colon != std::string_view::npos || count > 6 || !parse_v4(part, v4.data())) return -1;
      groups[count++] = static_cast<uint16_t>(v4[0] << 8 | v4[1]);
      groups[count++] = static_cast<uint16_t>(v4[2] << 8 | v4[3]);
      return count;
    }
    uint16_t value = 0;
    if (part.size() > 4 || !parse_number(part, value, 16)) return -1;
    groups[count++] = value;
    if (colon == std::string_view::npos) return count;
    text.remove_prefix(colon + 1);
    if (text.empty()) return -1;
  }
  return count;
}

bool parse_v6(std::string_view text, std::array<uint8_t, 16>& ip) {
  size_t gap = text.find("::");
  std::array<uint16_t, 8> head{}, tail{};
  int head_count = parse_groups(text.substr(0, gap), head);
  int tail_count = gap == std::string_view::npos ? 0 : parse_groups(text.substr(gap + 2), tail);
  if (head_count < 0 || tail_count < 0) return false;
  if (gap == std::string_view::npos ? head_count != 8 : head_count + tail_count > 7) return false;
  for (int i = 0; i < tail_count; ++i) head[8 - tail_count + i] = tail[i];
  for (int i = 0; i < 8; ++i) {
    ip[2 * i] = static_cast<uint8_t>(head[i] >> 8);
    ip[2 * i + 1] = static_cast<uint8_t>(head[i]);
  }
  return true;
}

// Longest run of zero groups (at least two), RFC 5952 4.2.
std::pair<int, int> zero_run(const std::array<uint16_t, 8>& groups) {
  int best = -1, best_length = 1;
  for (int i = 0; i < 8;) {
    int j = i;
    while (j < 8 && groups[j] == 0) ++j;
    if (j - i > best_length) best = i, best_length = j - i;
    i = j + 1;
  }
  return {best, best_length};
}

std::string v6_text(const std::array<uint8_t, 16>& ip) {
  std::array<uint16_t, 8> groups{};
  for (int i = 0; i < 8; ++i) groups[i] = static_cast<uint16_t>(ip[2 * i] << 8 | ip[2 * i + 1]);
  auto [gap, length] = zero_run(groups);
  std::string text;
  for (int i = 0; i < 8; ++i) {
    if (i == gap) {
      text += "::";
      i += length - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    char buffer[5];
    auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, groups[i], 16);
    text.append(buffer, end);
  }
  return text;
}

}  // namespace

SocketAddress SocketAddress::v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port) {
  SocketAddress address;
  std::copy(v4_mapped_prefix.begin(), v4_mapped_prefix.end(), address.ip.begin());
  address.ip[12] = a, address.ip[13] = b, address.ip[14] = c, address.ip[15] = d;
  address.port = port;
  return address;
}

bool SocketAddress::is_v4() const { return equal(ByteView(ip).first(12), v4_mapped_prefix); }

bool SocketAddress::is_unspecified() const {
  static constexpr std::array<uint8_t, 16> zero{};
  return ip == zero || (is_v4() && equal(ByteView(ip).last(4), ByteView(zero).first(4)));
}

bool SocketAddress::is_loopback() const {
  if (is_v4()) return ip[12] == 127;
  static constexpr std::array<uint8_t, 16> one = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return ip == one;
}

bool SocketAddress::is_link_local() const {
  return is_v4() ? ip[12] == 169 && ip[13] == 254 : ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80;
}

bool SocketAddress::is_multicast() const { return is_v4() ? (ip[12] & 0xf0) == 0xe0 : ip[0] == 0xff; }

Result<SocketAddress> parse_socket_address(std::string_view text) {
  size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return malformed(text);
  std::string_view host = text.substr(0, colon);
  SocketAddress address;
  if (!parse_number(text.substr(colon + 1), address.port)) return malformed(text);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    if (!parse_v6(host.substr(1, host.size() - 2), address.ip)) return malformed(text);
    return address;
  }
  std::array<uint8_t, 4> v4{};
  if (!parse_v4(host, v4.data())) return malformed(text);
  return SocketAddress::v4(v4[0], v4[1], v4[2], v4[3], address.port);
}

std::string to_text(const SocketAddress& address) {
  std::string host;
  if (address.is_v4()) {
    for (int i = 12; i < 16; ++i) host += (i > 12 ? "." : "") + std::to_string(address.ip[i]);
  } else {
    host = "[" + v6_text(address.ip) + "]";
  }
  return host + ":" + std::to_string(address.port);
}

}  // namespace drawbridge
