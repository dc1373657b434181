#include "daemon/observe/metrics_server.hpp"

#include "protocol/admin/state_directory.hpp"

namespace drawbridge {
namespace {

constexpr size_t most_connections = 16;
constexpr std::string_view unix_prefix = "unix:";

Error refused() {
  return {ErrorCode::invalid_argument, "The metrics are served on loopback, or on a socket in the state folder, only.",
          "Write \"127.0.0.1:9470\" or \"unix:metrics.sock\"."};
}

}  // namespace

Result<MetricsSetting> parse_metrics_setting(const std::string& text) {
  if (text.starts_with(unix_prefix)) {
    std::string name = text.substr(unix_prefix.size());
    bool plain = !name.empty() && name.find('/') == std::string::npos && name.ends_with(".sock") && name != admin::control_socket_name;
    return plain ? Result<MetricsSetting>(MetricsSetting{std::nullopt, name}) : refused();
  }
  auto address = parse_socket_address(text);
  return address && address->is_loopback() ? Result<MetricsSetting>(MetricsSetting{*address, ""}) : refused();
}

MetricsServer::MetricsServer(Loop& loop, Text text)
    : http_(loop, {{}, {}, most_connections, most_connections},
            {[](ByteView) { return false; },
             [](const relay::Link&, MutableBytes) {},
             [] {},
             [](uint64_t) {},
             [text = std::move(text)](const std::string& target) { return target == "/metrics" ? std::optional(text()) : std::nullopt; }}) {}

Result<std::unique_ptr<MetricsServer>> MetricsServer::open(Loop& loop, const MetricsSetting& setting, const std::string& state_folder, Text text) {
  std::unique_ptr<MetricsServer> server(new MetricsServer(loop, std::move(text)));
  if (setting.address) {
    if (auto listening = server->http_.listen(*setting.address); !listening) {
      return Error{listening.error().code, "The metrics cannot be served: " + listening.error().message, "Choose another port for metrics in config.toml."};
    }
    return server;
  }
  auto socket = admin::ControlSocket::open(state_folder + "/" + setting.socket, std::nullopt);
  if (!socket) return socket.error();
  server->socket_.emplace(socket.take());
  server->http_.listen_on(server->socket_->listener());
  return server;
}

}  // namespace drawbridge
