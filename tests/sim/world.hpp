// A world of whole nodes: production cores on a virtual clock, network and disk, all from one seed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <set>

#include "protocol/node.hpp"
#include "protocol/relay/relay_server.hpp"
#include "protocol/relay/relay_url.hpp"
#include "tests/sim/link.hpp"
#include "tests/sim/router.hpp"

namespace drawbridge::sim {

class World;

// What a local program does with its flow.
struct SimFlow {
  FlowId id = 0;
  bool echo = false;               // writes back what it reads
  uint64_t to_write = 0, written = 0, read = 0;
  uint64_t salt = 0;               // of the pattern
  bool finish = false, finished = false;   // half-close after to_write
  bool intact = true, at_end = false, ended = false, accepted = false, paused = false;
  FlowReset reset = FlowReset::none;
  Bytes echo_pending;
  bool datagrams = false;          // of a "udp" service
  struct Arrival { Instant at; Bytes bytes; };
  std::vector<Arrival> arrived;    // datagrams
};

// What may happen to one write of a disk: it is refused; power fails before it is durable; or after, before anybody is told.
enum class WriteFault { none, refused, lost, untold };

// One computer: a node with its disk, its clocks and its address. `node` is null while it is off.
class SimNode {
 public:
  SimNode(World& world, std::string name, SocketAddress address);

  void start();
  void kill();                     // power cut: what is not durable is gone
  void shut_down();                // SIGTERM
  void suspend(bool stopped) { this->stopped = stopped; }   // SIGSTOP: nothing runs, the network still delivers to nobody
  void move(SocketAddress to, bool told = true);
  void attach(Router* to, bool told = true);  // behind this router, with an address of its network; null: in the open

  // Office.
  void expose(const std::string& name, const std::string& kind = "tcp");
  CreatedInvitation invite(std::vector<Grant> grants = {{"*", {}}});
  // Device.
  RequestId join(const std::string& link);
  SimFlow& open(const DeviceId& office, const std::string& service, uint64_t bytes, bool finish = true);

  SimFlow& open_datagrams(const DeviceId& office, const std::string& service);
  void send_datagram(SimFlow& flow, ByteView datagram) { node->send_datagram(now(), flow.id, datagram); }
  void answer_ports();             // all that were held, within one turn
  void poke(SimFlow& flow) { serve(flow); }   // to_write or paused was changed
  bool done(RequestId request) const { return results.contains(request); }
  const PeerStatus* peer(const DeviceId& id) const;
  template <typename E>
  std::vector<E> seen() const {
    std::vector<E> found;
    for (const Event& event : events) {
      if (const E* one = std::get_if<E>(&event)) found.push_back(*one);
    }
    return found;
  }
  Now now() const;
  void pump();
  void receive(const Path& path, const Bytes& datagram);
  void receive_held();
  void lose_streams(const std::string& websocket_url);  // the relay of this URL has died
  bool listens(const SocketAddress& to) const;  // at `address`, or at a port of `ports`

  World& world;
  std::string name;
  SocketAddress address;
  std::optional<Duration> websocket_opening;   // how long until HELLO may leave; nothing: two round trips
  bool udp_blocked = false;                    // its network lets no UDP out
  Router* router = nullptr;                    // null: `address` is public
  Identity identity;
  SeededEntropy entropy;
  std::unique_ptr<Node> node;
  bool stopped = false;
  Duration wall_offset{};                      // the owner's clock may be wrong
  Duration disk_latency = 2ms;
  bool disk_full = false;
  bool disk_reserve = false;           // what is vital finds room on a full disk
  bool admission_reserve = false;      // and so does what lets a device in
  uint64_t writes = 0;                 // batches that were tried
  uint64_t fault_at = 0;               // with this write, counted from 1 ...
  WriteFault fault = WriteFault::none; // ... this happens
  std::array<uint8_t, 32> machine{};           // as NodeConfig
  std::vector<uint8_t> versions;               // as NodeConfig
  std::map<std::pair<RowKind, Bytes>, Bytes> disk;
  std::vector<Event> events;
  std::map<RequestId, event::RequestDone> results;
  std::map<FlowId, SimFlow> flows;
  std::set<std::string> refusing;              // services whose program is down
  uint64_t batches = 0;
  Instant woken{};                             // by its own timers: when it last was,
  uint64_t wakings = 0;                        // ... and how often
  std::set<uint16_t> ports;                    // of sockets beside its own
  bool more_sockets = true;                    // its system gives it as many as it wants, else none
  bool ports_held = false;                     // its driver answers event::PortsWanted in answer_ports() only

 private:
  SocketAddress sending_address(const Path& path) const;
  void send_by_stream(uint16_t number, Bytes datagram);
  std::optional<Path> path_to_relay(const event::RelayWanted& wanted) const;
  // A WebSocket takes two round trips (TCP, TLS) until HELLO may leave.
  void open_link(const event::RelayWanted& wanted);
  void finish_links();
  Instant next_link() const;
  std::map<std::pair<uint16_t, bool>, std::pair<Instant, event::RelayWanted>> opening_;  // by number, and whether beside
  std::map<uint16_t, std::string> prepared_;   // ready beside: URLs
  uint16_t next_port_ = 40'000;
  std::vector<event::PortsWanted> unanswered_ports_;
  void answer(const event::PortsWanted& wanted);
  void handle(const Event& event);
  void serve(SimFlow& flow);
  void read(SimFlow& flow);
  void write(SimFlow& flow);
  void serve_datagrams(SimFlow& flow);
  Path held_path_;                             // of datagrams that arrived at this instant, as one run (GRO)
  Bytes held_;
  size_t held_segment_ = 0;
  bool held_full_ = false;
  std::optional<PersistBatch> writing_;
  Instant written_at_ = far_future;
  uint64_t life_ = 0;
  mutable std::vector<PeerStatus> statuses_;
  friend class World;
};

// A relay in the open: UDP by IPv4 and IPv6, observation ports, and WebSocket, which nothing on the way disturbs.
class SimRelay {
 public:
  SimRelay(World& world, SocketAddress address);
  void start();
  void kill();
  std::string url() const;
  std::string websocket_url() const;
  SocketAddress second_observer() const;
  bool listens(const SocketAddress& to) const;
  void receive(const Path& path, Bytes datagram);
  void pump();

  World& world;
  SocketAddress address, v6;
  Identity identity;
  SeededEntropy entropy;
  std::unique_ptr<relay::RelayServer> server;  // null while it is off
  bool observes = true;                        // has observation ports; from its next start on

 private:
  void send(const relay::Link& link, Bytes datagram);
  std::map<uint64_t, SocketAddress> streams;   // by number: the client's end
};

// Ends of WebSockets, as addresses: of the node's `relay`-th.
bool is_stream(const SocketAddress& address);
SocketAddress stream_address(size_t node, uint16_t relay);

struct Captured {
  Instant at;
  Path path;
  Bytes bytes;
};

class World {
 public:
  explicit World(uint64_t seed, LinkOptions link = {.delay = 5ms});

  SimNode& add(const std::string& name);
  // Office and device, paired and connected.
  void pair(SimNode& office, SimNode& device);
  bool run(Duration longest, const std::function<bool()>& done = [] { return false; });
  SocketAddress fresh_address();
  SocketAddress fresh_inside_address();
  SocketAddress fresh_shared_address();        // of a carrier's network (RFC 6598)
  SocketAddress fresh_router_address();
  SocketAddress fresh_v6_address();
  size_t index_of(const SimNode& node) const;
  SimRelay& add_relay();
  Router& add_router(const RouterKind& kind);  // on the open internet
  Router& add_router(const RouterKind& kind, const SocketAddress& outside, Router* upstream = nullptr);

  // `hop_limit`: as Transmit's. Between any two networks there is one router, as few as there can be.
  void send(const SocketAddress& from, const SocketAddress& to, Bytes datagram, uint8_t hop_limit = 0);
  // Faults of everything sent from now on.
  LinkOptions link;
  // Of one way only, beside `link`'s.
  std::function<Duration(const SocketAddress& from, const SocketAddress& to)> detour = [](auto&, auto&) { return Duration::zero(); };
  bool capture = false;
  bool coalesce = false;                       // datagrams that arrive at one instant are handed over as one run
  std::vector<Captured> captured;
  std::function<bool(const SocketAddress& from, const SocketAddress& to, const Bytes&)> drop = [](auto&, auto&, auto&) { return false; };

  uint64_t seed;
  Chance chance;
  Instant now{Duration(std::chrono::hours(100))};
  std::vector<std::unique_ptr<SimNode>> nodes;
  std::vector<std::unique_ptr<SimRelay>> relays;
  std::vector<std::unique_ptr<Router>> routers;
  std::map<SocketAddress, uint64_t> received_by_stranger;   // datagrams to addresses where no node lives
  // Takes these, too.
  std::function<void(const SocketAddress& to, const Bytes&)> strangers = [](auto&, auto&) {};

 private:
  struct Flying {
    Instant at;
    uint64_t order;
    SocketAddress from, to;
    Bytes datagram;
    bool operator>(const Flying& other) const { return std::tie(at, order) > std::tie(other.at, other.order); }
  };
  Instant next_event() const;
  bool finish_writing(SimNode& one);
  void arrive(const Flying& arrived);
  SimNode* node_at(const SocketAddress& address, const Router* router);
  struct Departure {
    SocketAddress from;
    int routers = 0;  // passed on the way to the open internet
  };
  std::optional<Departure> translate(const SocketAddress& from, const SocketAddress& to, int hop_limit);
  void arrive_by_stream(const Flying& arrived);
  bool arrive_at_router(const Flying& arrived);
  void send_to_group(const SocketAddress& from, const SocketAddress& group, const Bytes& datagram);

  std::map<std::pair<SocketAddress, SocketAddress>, std::unique_ptr<Link>> links_;
  std::priority_queue<Flying, std::vector<Flying>, std::greater<>> flying_;
  uint64_t order_ = 0;
  uint8_t next_host_ = 10;
};

}  // namespace drawbridge::sim
