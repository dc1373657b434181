// RelayLinks: where the node's relays are. Looks their names up and, for those that are reached by WebSocket, opens and
// carries the connection; to the node each is a path like any other.
#pragma once

#include <map>
#include <memory>

#include "daemon/node_driver.hpp"
#include "daemon/observe/log.hpp"
#include "daemon/relay/proxy_setting.hpp"
#include "daemon/relay/relay_websocket_client.hpp"

namespace drawbridge {

class RelayLinks final : public NodeDriver::Outlet {
 public:
  // All must outlive the links.
  RelayLinks(Loop& loop, Log& log, Node& node, Entropy& entropy) : loop_(loop), log_(log), node_(node), entropy_(entropy) {}

  // For WebSockets, from the next one on.
  void use_proxy(std::optional<ProxySetting> proxy) { proxy_ = std::move(proxy); }
  const std::optional<ProxySetting>& proxy() const { return proxy_; }
  void handle(const event::RelayWanted& wanted);
  // Whether the newest lookup of this relay's name, by whichever transport, found nothing. A proxy looks it up itself.
  bool name_unknown(std::string_view url) const;
  // Whether the newest WebSocket to this relay met a network that wants somebody to sign in. No more once the relay has
  // answered by whichever transport, or in another network.
  bool captive_portal(std::string_view url) const;
  void handle_network_change();

  // NodeDriver::Outlet
  bool carries(const Path& path) const override;
  void send(const Transmit& run, ByteView bytes) override;
  void flush() override;

 private:
  struct Line {
    relay::RelayUrl url;
    SocketAddress address;                        // of its host, or of the proxy's, as looked up
    std::unique_ptr<RelayWebSocketClient> client; // null: UDP, or not open yet
    uint64_t opened = 0;                          // names `client` in its callbacks
    uint64_t lookup = 0;                          // the newest
    std::map<relay::RelayUrl::Transport, size_t> unanswered;  // lookups since the relay was last known to answer
    bool name_unknown = false;                    // it found nothing
    bool captive_portal = false;                  // answered the newest WebSocket that is over, and the relay not since
  };
  // A WebSocket that is made ready while the line uses UDP.
  struct Beside {
    relay::RelayUrl url;
    SocketAddress address;
    std::unique_ptr<RelayWebSocketClient> client; // null: its name is looked up
    uint64_t opened = 0, lookup = 0;
  };
  // The relay's addresses are looked up on libuv's threads.
  uint64_t look_up(uint16_t number, const relay::RelayUrl& url);
  void handle_beside(const event::RelayWanted& wanted);
  void found_beside(uint16_t number, Beside& beside, const std::vector<SocketAddress>& addresses);
  void drop_beside(uint16_t number);
  bool take_over(uint16_t number, Line& line, const relay::RelayUrl& url);
  std::unique_ptr<RelayWebSocketClient> dial(uint16_t number, const relay::RelayUrl& url, const SocketAddress& address, uint64_t opened, ByteView hello);
  // The proxy that leads to this relay; null: none.
  const ProxySetting* proxy_to(const relay::RelayUrl& url) const;
  void drop(uint16_t number);
  const Line* line_to(std::string_view url) const;
  bool is_ready(const Line& line) const;
  void found(uint16_t number, uint64_t lookup, std::vector<SocketAddress> addresses);
  void open(uint16_t number, Line& line, ByteView hello);
  void closed(uint16_t number, uint64_t opened, const Error& why);

  struct Lookup;
  Loop& loop_;
  Log& log_;
  Node& node_;
  Entropy& entropy_;
  std::optional<ProxySetting> proxy_;
  std::map<uint16_t, Line> lines_;
  std::map<uint16_t, Beside> besides_;
  std::vector<std::unique_ptr<RelayWebSocketClient>> over_;  // perhaps still on the call stack
  uint64_t lookups_ = 0, opens_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace drawbridge
