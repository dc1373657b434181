// RelaySettings: the [relay] table of the configuration.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "protocol/base/address.hpp"
#include "protocol/base/time.hpp"
#include "protocol/relay/relay_server.hpp"

namespace drawbridge {

struct RelaySettings {
  std::vector<SocketAddress> listen;     // UDP; empty: port 7471 of every address
  // UDP ports that only tell clients their address; unset: the two above each of `listen`, where they are free.
  std::optional<std::vector<SocketAddress>> observe;
  std::vector<SocketAddress> websocket;  // TCP; empty: none
  std::string certificate, key;          // PEM files; empty: plain HTTP (behind a reverse proxy)
  std::string path = "/relay";           // of the WebSocket
  std::vector<SocketAddress> metrics;    // HTTP, GET /metrics; empty: none
  std::vector<std::string> trusted_proxies;  // whose X-Forwarded-For is believed; addresses without port
  std::string phone;                     // base name of the phone's page, which is then served at shell.BASE; empty: none
  std::string phone_directory = "/usr/share/drawbridge/phone";
  std::string host;                      // the name that URLs show
  std::vector<std::string> tokens;       // not empty: private
  std::string operator_name, country, other_url;
  Duration drain = 5s;                   // between SIGTERM and the end
  Duration opening_patience = 10s;       // for TLS and the upgrade of a TCP connection; not in the file
  relay::RelayLimits limits;
};

}  // namespace drawbridge
