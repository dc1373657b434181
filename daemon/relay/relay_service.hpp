// RelayService: the relay's IO: UDP sockets, WebSocket and metrics listeners, timers, around one RelayServer.
#pragma once

#include <map>
#include <memory>

#include "daemon/io/udp_endpoints.hpp"
#include "daemon/observe/log.hpp"
#include "daemon/relay/relay_metrics.hpp"
#include "daemon/relay/relay_settings.hpp"
#include "daemon/relay/udp_gather.hpp"
#include "daemon/relay/websocket_server.hpp"
#include "protocol/relay/relay_url.hpp"

namespace drawbridge {

class RelayService {
 public:
  // `identity` is the relay's own key. What is given by reference outlives the service.
  static Result<std::unique_ptr<RelayService>> open(Loop& loop, Log& log, Entropy& entropy, const Identity& identity,
                                                    RelaySettings settings);
  ~RelayService();

  // The URLs that name this relay.
  std::vector<std::string> urls() const;
  std::vector<SocketAddress> listening() const { return udp_.addresses(); }
  std::vector<SocketAddress> websocket_listening() const { return websocket_.listening(); }
  std::vector<SocketAddress> metrics_listening() const { return metrics_.listening(); }
  // Reads certificates again; those that are not right change nothing.
  void reload();
  // No newcomers; `done` once the clients have left or the time is over.
  void drain(std::function<void()> done);
  RelayTraffic traffic() const;
  const relay::RelayServer& server() const { return server_; }

 private:
  relay::RelayUrl url_at(const SocketAddress& address) const;
  RelayService(Loop& loop, Log& log, Entropy& entropy, const Identity& identity, RelaySettings settings);
  Result<void> start();
  void received(const ArrivedRun& run);
  void send(const relay::Forward& forward);
  Result<void> start_observation();
  size_t send_udp(const DatagramRun& run);
  Result<void> start_tcp();
  Result<void> read_certificate();
  void watch_certificate();
  WebSocketServer::Hooks websocket_hooks();
  std::optional<std::string> label() const;
  Result<void> read_phone_page();
  std::string phone_origin() const;
  void settle();
  void timeout();

  Loop& loop_;
  Log& log_;
  RelaySettings settings_;
  relay::RelayServer server_;
  RelayTraffic traffic_;
  UdpEndpoints udp_;
  UdpEndpoints beside_;                   // observation ports, and one that answers unasked
  std::vector<SocketAddress> beside_addresses_;
  UdpGather gather_;
  std::shared_ptr<const PhonePage> phone_page_;  // null: it serves none
  WebSocketServer websocket_, metrics_;
  LocalTimer certificate_timer_;
  std::pair<int64_t, int64_t> certificate_times_{};  // of change: certificate, key
  BootTimer timer_;
  std::function<void()> drained_;
  Instant drain_until_ = far_future;
};

}  // namespace drawbridge
