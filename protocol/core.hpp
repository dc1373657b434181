// What the parts of one Node share: identity, durable state, outgoing datagrams and events, and the table that says
// which session a packet belongs to.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>

#include "protocol/audit/audit_head.hpp"
#include "protocol/audit/checkpoint.hpp"
#include "protocol/base/token_bucket.hpp"
#include "protocol/journal.hpp"
#include "protocol/node.hpp"
#include "protocol/relay/relay_table.hpp"
#include "protocol/roster/incarnation.hpp"
#include "protocol/roster/records.hpp"
#include "protocol/session.hpp"
#include "protocol/traversal/binding_lifetime.hpp"

namespace drawbridge {

struct Carried;
class Peer;

// Owns sessions and is told what concerns them.
class SessionHolder {
 public:
  virtual ~SessionHolder() = default;
  // A packet for one of its sessions came in by `path` and was read; `authentic` as Connection::handle_packet says.
  virtual void handle_session_packet(Now now, Carried& carried, const Path& path, bool authentic) = 0;
  // After one or more packets, or a timeout, of that session.
  virtual void settle(Now now, Carried& carried) = 0;
};

// A session and where its packets go.
struct Carried {
  SessionHolder* holder = nullptr;
  std::unique_ptr<Session> session;
  std::optional<Path> path;             // none: a handshake that is sent to every address of `fan_out`
  std::vector<Path> fan_out;
  size_t packet_size = limits::smallest_packet;
  Instant started{};
  uint64_t handle = 0;                  // names the connection in ClientHello::live
  uint64_t peer_boot = 0;               // office: from the ClientHello
  bool may_send = true;                 // something happened since it last had nothing to send
  std::vector<quic::ConnectionId> routes;
};

struct OutDatagram {
  Path path;
  Bytes bytes;
  uint8_t hop_limit = 0;                // as Transmit's
};

struct Core {
  Core(NodeConfig node_config, Entropy& source);

  NodeConfig config;
  Entropy& entropy;
  SessionShared sessions;
  Journal journal;
  roster::NodeState state;
  roster::Instance instance;
  roster::Incarnation incarnation;      // of this start
  std::map<DeviceId, roster::Incarnation> incarnations;  // device: the newest copy met of each office
  std::map<DeviceId, audit::KeptHead> audit_heads;       // device: of each office
  struct ChainEnd {
    uint64_t sequence = 0;
    audit::ChainHash hash{};
  };
  std::optional<audit::Checkpoint> checkpoint;  // of our own trail
  ChainEnd polled_end, durable_end;     // of our own trail: in the batch under way; on the disk
  std::deque<Event> events;
  std::deque<OutDatagram> datagrams;
  std::vector<SocketAddress> local_addresses;
  std::vector<SocketAddress> forwarded_addresses;   // at which routers let packets in to us
  relay::RelayTable relays;
  traversal::BindingLifetime binding;   // of the routers of the network that this computer is in
  std::vector<relay::RelayAddress> own_relays;  // as the owner ordered them
  std::map<std::string, ServiceDefinition> services;
  std::unordered_map<quic::ConnectionId, Carried*, quic::ConnectionIdHash> routes;
  std::unordered_map<FlowId, Peer*> flows;  // that the driver knows and that are not over, with whose they are
  size_t half_open = 0;
  const Peer* punching = nullptr;       // the one that looks for ports; one at a time
  RequestId next_request = 1;
  bool running = false;                 // the boot id is durable: packets may leave
  bool shutting_down = false;

  const Identity& identity() const { return config.identity; }
  uint64_t boot_id() const { return incarnation.boot_id; }  // of this start; a take-over changes the state's, for the next
  std::vector<AeadId> aeads() const;
  // Whether a peer that speaks `theirs` and we have a version in common.
  bool shares_version(const std::vector<uint8_t>& theirs) const;

  void emit(Event event) { events.push_back(std::move(event)); }
  void send(const Path& path, Bytes bytes, uint8_t hop_limit = 0);
  // Where peers may find this node, at most limits::candidates: forwarded ports, what relays have seen, and interfaces.
  // What a peer has seen it knows by itself, and to another peer it would be of no use: behind a symmetric router every
  // far end sees another port.
  std::vector<SocketAddress> own_addresses() const;
  // What relays' views tell about the router in front of us.
  traversal::NatBehaviour nat_behaviour() const;
  // Adds the record to the chain; durable with the batch that is being gathered.
  void audit(Now now, audit::RecordType type, const DeviceId* device, const std::string& name, const std::string& service = {},
             const std::string& detail = {}, FlowCounters counters = {});
  // Counts this start and reserves counters; `running` once that is durable.
  void start(Now now);
  // Another running copy of this office began after this one: nobody new is let in until the owner takes over.
  bool displaced() const { return instance.displaced_by != 0; }
  // A device has met this copy of ours, which displaces this one and is signed.
  void handle_copy(Now now, const DeviceId& device, const std::string& name, const roster::Incarnation& copy);
  void forget_copies(const DeviceId& office);
  void forget_audit_head(const DeviceId& office);
  // The next value for message 1; nothing while no block is reserved on disk (ask again later).
  std::optional<uint64_t> next_counter(Now now);
  void save_state() { journal.put(roster::to_row(state)); }

  RequestId begin_request() { return next_request++; }
  void finish_request(RequestId request, std::optional<Error> error = {}, std::optional<Duration> rtt = {}, std::optional<RelationKey> peer = {});
  // A request, audited just now, that is done when everything put into the journal so far is durable. If the disk
  // refuses it, `take_back` makes memory and rows what they were before.
  RequestId durable_request(std::function<void(Now)> take_back);

  // --- sessions ------------------------------------------------------------------------------------------------------
  std::unique_ptr<Carried> carry(SessionHolder* holder, quic::End self, Instant now);
  void update_routes(Carried& carried);
  // Ends routing and destroys it; null is fine.
  void drop(std::unique_ptr<Carried>& carried);
  // Fills `buffer` with the session's next run and its copies for other addresses.
  Transmit transmit(Now now, Carried& carried, MutableBytes buffer);

 private:
  Transmit lose_run(Now now, Carried& carried, MutableBytes buffer);
  Transmit relayed(Now now, const SocketAddress& mailbox, const PacketRun& run, MutableBytes buffer);
  void reserve_counters(uint64_t from);
  void choose_instance();
  uint64_t counter_ = 0;                // last used
  uint64_t counter_usable_ = 0;         // durable bound
  bool reserving_ = false;
};

}  // namespace drawbridge
