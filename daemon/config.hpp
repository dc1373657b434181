// Config: what the configuration file says. Read whole, checked whole, then never changed.
#pragma once

#include <string>
#include <vector>

#include "daemon/observe/log.hpp"
#include "daemon/observe/metrics_server.hpp"
#include "daemon/relay/proxy_setting.hpp"
#include "daemon/relay/relay_settings.hpp"
#include "keys/result.hpp"
#include "protocol/base/address.hpp"

namespace drawbridge {

struct Config {
  std::vector<SocketAddress> listen;     // listen = ["0.0.0.0:7470"]; empty: the default
  std::vector<std::string> local_users;  // local_users = ["ann"]: besides the owner, who may use the local addresses
  bool cubic = false;                    // congestion = "bbr2" | "cubic"
  LogFormat log = LogFormat::human;      // log = "human" | "json"
  LogLevel log_level = LogLevel::info;   // log_level = "error" | "warning" | "info"
  uint16_t gateway_port = 8300;          // gateway_port = 8300: http://NAME.OFFICE.localhost:8300/; 0: off
  bool port_mapping = true;              // port_mapping = false: the office's router is not asked for a port
  bool lan_discovery = true;             // lan_discovery = false: no multicast, neither sent nor listened to
  std::optional<ProxySetting> proxy;     // [network] proxy = "http://USER:PASSWORD@HOST:PORT"
  bool no_proxy = false;                 // [network] proxy = "": not the environment's either
  std::string phone_page;                // [network] phone_page = "https://shell.bridge.example": served by no relay of ours
  RelaySettings relay;                   // [relay]: of drawbridged --relay
  std::string passphrase_file;           // of the key, if it has one
  std::optional<MetricsSetting> metrics;  // metrics = "127.0.0.1:9470" | "unix:metrics.sock"
};

// `file` is named in errors: "FILE:3:7: ..." with the line and column of what is wrong. Unknown keys are refused,
// with the nearest known one proposed.
Result<Config> parse_config(const std::string& text, const std::string& file);

// As parse_config, of the file's content. `not_found` if there is no such file; `io` if it may not be read;
// `invalid_argument` if it is a pipe, folder or device; `limit` above 64 KiB.
Result<Config> read_config(const std::string& file);

}  // namespace drawbridge
