// IP address and port as values. IPv4 is held in its IPv4-mapped IPv6 form (RFC 4291 2.5.5.2).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>

#include "keys/bytes.hpp"
#include "keys/result.hpp"

namespace drawbridge {

struct SocketAddress {
  std::array<uint8_t, 16> ip{};
  uint16_t port = 0;
  uint32_t scope_id = 0;  // interface index, for IPv6 link-local addresses only

  static SocketAddress v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port);
  bool is_v4() const;
  bool is_unspecified() const;
  bool is_loopback() const;
  bool is_link_local() const;
  bool is_multicast() const;
  std::strong_ordering operator<=>(const SocketAddress&) const = default;
  bool operator==(const SocketAddress&) const = default;
};

// "192.0.2.1:443", "[2001:db8::1]:443". Names are not resolved here.
Result<SocketAddress> parse_socket_address(std::string_view text);
std::string to_text(const SocketAddress& address);

// Where a datagram came from or goes to. `local` is the address of ours that it used; an unspecified local
// address leaves the choice to the kernel.
struct Path {
  SocketAddress local;
  SocketAddress remote;
  std::strong_ordering operator<=>(const Path&) const = default;
  bool operator==(const Path&) const = default;
};

}  // namespace drawbridge
