// The URL of a relay: where it is, by which transport, and the key that it must have.
//   udp://relay.example:7471#KEY    wss://relay.example/relay#KEY    ws://127.0.0.1:8080/relay#KEY
#pragma once

#include "protocol/relay/session_keys.hpp"

namespace drawbridge::relay {

struct RelayUrl {
  enum class Transport : uint8_t { udp, ws, wss };
  Transport transport = Transport::udp;
  std::string host;  // a name, an IPv4 address, or an IPv6 address without brackets
  uint16_t port = 0;
  std::string path;  // of ws and wss; begins with /
  RelayKey key;
};

inline constexpr uint16_t default_udp_port = 7471;
inline constexpr std::string_view default_path = "/relay";

// `invalid_argument` with what is wrong and how it should look. A user name or a query is refused: a token is not part
// of the URL.
Result<RelayUrl> parse_relay_url(std::string_view text);
// The canonical form: default ports and the default path left out.
std::string to_text(const RelayUrl& url);

}  // namespace drawbridge::relay
