// Serves the metrics to who asks by HTTP, on loopback or a unix socket of the state folder. Off by default.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "daemon/admin/control_socket.hpp"
#include "daemon/relay/websocket_server.hpp"

namespace drawbridge {

// metrics = "127.0.0.1:PORT" or "unix:NAME".
struct MetricsSetting {
  std::optional<SocketAddress> address;  // loopback
  std::string socket;                    // a file's name in the state folder
  bool operator==(const MetricsSetting&) const = default;
};
// `invalid_argument`: neither of the two.
Result<MetricsSetting> parse_metrics_setting(const std::string& text);

class MetricsServer {
 public:
  using Text = std::function<std::string()>;
  static Result<std::unique_ptr<MetricsServer>> open(Loop& loop, const MetricsSetting& setting, const std::string& state_folder, Text text);

 private:
  MetricsServer(Loop& loop, Text text);

  std::optional<admin::ControlSocket> socket_;  // owner's eyes only, as the control socket
  WebSocketServer http_;
};

}  // namespace drawbridge
