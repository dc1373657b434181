// RelayService: the relay's IO: UDP sockets, WebSocket and metrics listeners, timers, around one RelayServer.
#pragma once

#include <map>
#include <memory>

#include "daemon/io/udp_endpoints.hpp"
#include "daemon/observe/log.hpp"
#include "daemon/relay/relay_metrics.hpp"
#include "daemon/relay/relay_settings.hpp"
#include "daemon/relay/udp_gather.hpp"

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
  // Reads certificates again.
  void reload();
  // No newcomers; `done` once the clients have left or the time is over.
  void drain(std::function<void()> done);
  const RelayTraffic& traffic() const { return traffic_; }
  const relay::RelayServer& server() const { return server_; }

 private:
  RelayService(Loop& loop, Log& log, Entropy& entropy, const Identity& identity, RelaySettings settings);
  Result<void> start();
  void received(const ArrivedRun& run);
  void send(const relay::Forward& forward);
  void settle();
  void timeout();

  Loop& loop_;
  Log& log_;
  RelaySettings settings_;
  relay::RelayServer server_;
  RelayTraffic traffic_;
  UdpEndpoints udp_;
  UdpGather gather_;
  BootTimer timer_;
  std::function<void()> drained_;
  Instant drain_until_ = far_future;
};

}  // namespace drawbridge
