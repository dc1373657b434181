#include "tools/packets/capture.hpp"

#include <arpa/inet.h>

#include <fstream>
#include <iterator>
#include <optional>

namespace drawbridge::packets {
namespace {

constexpr size_t file_header = 24, record_header = 16, udp_header = 8;

size_t big16(ByteView b, size_t at) { return size_t{b[at]} << 8 | b[at + 1]; }

uint32_t word(ByteView b, size_t at, bool big) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | b[at + (big ? i : 3 - i)];
  return value;
}

// Where the IP header begins, by libpcap's number of the link layer.
std::optional<size_t> link_header(uint32_t type) {
  switch (type) {
    case 1: return 14;     // Ethernet
    case 101: return 0;    // raw IP
    case 113: return 16;   // Linux cooked
    case 276: return 20;   // Linux cooked, version 2
    default: return std::nullopt;
  }
}

std::string address(int family, ByteView bytes, size_t port) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(family, bytes.data(), text, sizeof text);
  std::string shown = family == AF_INET6 ? '[' + std::string(text) + ']' : text;
  return shown + ':' + std::to_string(port);
}

std::optional<Recorded> udp_datagram(ByteView ip) {
  constexpr uint8_t udp = 17;
  if (ip.size() < 20) return std::nullopt;
  bool six = ip[0] >> 4 == 6;
  size_t header = six ? 40 : size_t{4} * (ip[0] & 15);
  if ((!six && ip[0] >> 4 != 4) || ip.size() < header + udp_header || ip[six ? 6 : 9] != udp) return std::nullopt;
  ByteView from = six ? ip.subspan(8, 16) : ip.subspan(12, 4), to = six ? ip.subspan(24, 16) : ip.subspan(16, 4);
  ByteView segment = ip.subspan(header);
  size_t length = big16(segment, 4);
  if (length < udp_header || length > segment.size()) return std::nullopt;
  int family = six ? AF_INET6 : AF_INET;
  return Recorded{0, address(family, from, big16(segment, 0)), address(family, to, big16(segment, 2)),
                  to_bytes(segment.first(length).subspan(udp_header))};
}

}  // namespace

Result<std::vector<Recorded>> read_capture(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  Bytes all{std::istreambuf_iterator<char>(file), {}};
  auto refused = [&](const char* why) { return Error{ErrorCode::not_found, path + why, "Record with: tcpdump -i lo -w FILE udp"}; };
  if (all.size() < file_header) return refused(" is no recording.");
  bool big = all[0] == 0xa1, nanoseconds = all[big ? 3 : 0] == 0x4d;
  if (word(all, 0, big) != (nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4)) return refused(" is not in the classic pcap format.");
  auto skip = link_header(word(all, 20, big));
  if (!skip) return refused(" is of a kind of network that is not known here.");
  std::vector<Recorded> out;
  for (size_t at = file_header; all.size() - at >= record_header;) {
    ByteView record = ByteView(all).subspan(at);
    size_t size = word(record, 8, big);
    if (record.size() - record_header < size) break;  // the recording was cut
    uint32_t fraction = word(record, 4, big);
    if (size > *skip) {
      auto found = udp_datagram(record.subspan(record_header + *skip, size - *skip));
      if (found) {
        found->time_us = uint64_t{word(record, 0, big)} * 1000000 + (nanoseconds ? fraction / 1000 : fraction);
        out.push_back(std::move(*found));
      }
    }
    at += record_header + size;
  }
  return out;
}

}  // namespace drawbridge::packets
