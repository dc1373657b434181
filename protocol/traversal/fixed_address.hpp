// A fixed candidate of an office: the address outside, or the name that stands for it, of a port that its owner has
// forwarded by hand. Names are looked up by the driver.
#pragma once

#include <string>
#include <string_view>

#include "keys/result.hpp"

namespace drawbridge::traversal {

struct FixedAddress {
  std::string host;     // a name in lower case (RFC 1123 2.1), an IPv4 address, or an IPv6 address without brackets
  uint16_t port = 0;
  bool operator==(const FixedAddress&) const = default;
};

// "HOST:PORT", "192.0.2.1:7470" or "[2001:db8::1]:7470". `invalid_argument` with what is wrong; also for addresses that
// are nobody's or this machine's own: unspecified, multicast, loopback, link-local.
Result<FixedAddress> parse_fixed_address(std::string_view text);

// In the form that parse_fixed_address reads.
std::string to_text(const FixedAddress& address);

}  // namespace drawbridge::traversal
