// ProxySetting: the HTTP proxy through which WebSocket links to relays go (CONNECT, RFC 9110 section 9.3.6), as the owner
// or the environment names it. UDP does not pass a proxy and is tried without.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "keys/result.hpp"

namespace drawbridge {

struct ProxySetting {
  std::string host;  // a name or an address, IPv6 without brackets
  uint16_t port = 0;
  std::string user, password;        // basic authentication; empty: none
  std::vector<std::string> direct;   // hosts that are reached without it, lower case; a name stands for those below it, too
  bool operator==(const ProxySetting&) const = default;

  // Not for this computer itself, nor for what `direct` names.
  bool applies_to(const std::string& host) const;
};

// "http://[USER[:PASSWORD]@]HOST:PORT[/]"; user and password may hold %XX. Errors never repeat the text: it may hold a
// password.
Result<ProxySetting> parse_proxy(std::string_view text);

// https_proxy or HTTPS_PROXY, and no_proxy or NO_PROXY, as other programs read them. Nothing if neither is set; an error
// if it is not understood. `variable` gives null for what is not set.
Result<std::optional<ProxySetting>> proxy_from_environment(const std::function<const char*(const char*)>& variable);

}  // namespace drawbridge
