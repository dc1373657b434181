// A relay and its clients on a virtual clock and network, from one seed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <queue>

#include "protocol/relay/relay_client.hpp"
#include "protocol/relay/relay_server.hpp"
#include "tests/sim/link.hpp"

namespace drawbridge::sim {

class RelayWorld;

// One computer's use of the relay. What it receives for a channel is kept in `received`.
struct RelayUser {
  RelayUser(RelayWorld& world, SocketAddress address, Duration keepalive);

  void start();  // also a new life, with nothing kept
  void connect();
  void move(SocketAddress to, bool told);
  uint8_t open(const Secret32& secret, relay::End end);
  // A payload through the relay; false if the client cannot send yet.
  bool say(uint8_t channel, const std::string& text);
  bool heard(const std::string& text) const;
  relay::Status status(uint8_t channel) const { return client->status(channel); }
  template <typename E>
  size_t count() const {
    size_t found = 0;
    for (const relay::RelayEvent& event : events) found += std::holds_alternative<E>(event);
    return found;
  }

  RelayWorld& world;
  SocketAddress address;
  Duration keepalive;
  SeededEntropy entropy;
  Secret32 access;
  std::unique_ptr<relay::RelayClient> client;
  std::vector<relay::RelayEvent> events;
  std::vector<std::pair<uint8_t, std::string>> received;
  uint64_t sent = 0;  // datagrams
};

class RelayWorld {
 public:
  explicit RelayWorld(uint64_t seed, LinkOptions link = {.delay = 10ms});
  ~RelayWorld();

  void start_relay();  // also a new process: same key, nothing kept
  void kill_relay();
  RelayUser& office(Duration keepalive = limits::relay_keepalive_office);
  RelayUser& device(Duration keepalive = limits::relay_keepalive_device);
  bool run(Duration longest, const std::function<bool()>& done = [] { return false; });
  SocketAddress fresh_address();

  void send(const SocketAddress& from, const SocketAddress& to, Bytes datagram);
  // What reaches an address where nobody is: strangers of the test's own.
  std::map<SocketAddress, std::vector<Bytes>> mail;
  // May change, drop (clear) or keep a datagram from the relay to a client: a lying relay.
  std::function<void(const SocketAddress& to, Bytes&)> lie = [](auto&, auto&) {};
  std::function<bool(const SocketAddress& from, const SocketAddress& to, const Bytes&)> drop = [](auto&, auto&, auto&) { return false; };

  uint64_t seed;
  Chance chance;
  LinkOptions link;
  Instant now{Duration(std::chrono::hours(50))};
  SocketAddress relay_address = SocketAddress::v4(192, 0, 2, 1, 7471);
  relay::RelayServerConfig config;
  SeededEntropy relay_entropy;
  std::unique_ptr<relay::RelayServer> server;
  std::vector<std::unique_ptr<RelayUser>> users;
  std::vector<std::pair<SocketAddress, Bytes>> to_relay;  // everything sent to it, if `capture`
  bool capture = false;

 private:
  struct Flying {
    Instant at;
    uint64_t order;
    SocketAddress from, to;
    Bytes datagram;
    bool operator>(const Flying& other) const { return std::tie(at, order) > std::tie(other.at, other.order); }
  };
  void pump();
  void pump(RelayUser& user);
  void pump_relay();
  void deliver(Flying flying);
  Instant next_event() const;

  std::map<std::pair<SocketAddress, SocketAddress>, std::unique_ptr<Link>> links_;
  std::priority_queue<Flying, std::vector<Flying>, std::greater<>> flying_;
  uint64_t order_ = 0;
  uint32_t next_host_ = 10;
};

// A secret that a pair shares.
Secret32 pair_secret(uint8_t first);

}  // namespace drawbridge::sim
