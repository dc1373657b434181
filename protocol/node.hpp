// Node: the whole core of one Drawbridge computer as one machine without IO. The daemon, the simulator and the
// WebAssembly page drive the same object.
//
// Contract. Four kinds of calls:
//   handle_*   what the network, the clock, the disk or the operating system did
//   requests   what the owner wants; a RequestId is answered by exactly one event::RequestDone
//   flow calls bytes of users' connections
//   poll_*     what the driver must now do
// After any call that is not const: poll_persist until empty, poll_transmit until its length is 0, poll_event until
// empty, then sleep until next_timeout(). `now` must not go back (boot clock); the wall clock may jump.
// A late or extra handle_timeout is harmless. Calls never throw, never block, never read a clock.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "keys/entropy.hpp"
#include "keys/identity.hpp"
#include "keys/word_list.hpp"
#include "protocol/audit/audit_head.hpp"
#include "protocol/audit/checkpoint.hpp"
#include "protocol/base/address.hpp"
#include "protocol/base/time.hpp"
#include "protocol/event.hpp"
#include "protocol/relay/relay_address.hpp"
#include "protocol/rows.hpp"
#include "protocol/traversal/diagnosis.hpp"
#include "protocol/traversal/fixed_address.hpp"
#include "protocol/traversal/path_history.hpp"

namespace drawbridge {

struct NodeConfig {
  Identity identity;
  std::string name;             // shown to peers; valid UTF-8, 1 to 64 bytes
  bool hardware_aes = false;    // this machine seals AES-GCM in hardware: offer it beside ChaCha20-Poly1305
  bool cubic = false;           // congestion control: cubic instead of BBR2
  bool udp = true;              // false: the driver has no UDP socket (a web page): relays are reached by WebSocket only
  // Tells this state on this computer from a copy of it elsewhere; zeros: not known.
  std::array<uint8_t, 32> machine{};
  std::string phone_page{};     // is_phone_page: where links of invitations lead; empty: to that of a relay, if one serves it
  // Protocol versions that it speaks; empty: this build's. Others only to try what builds of different age say to each other.
  std::vector<uint8_t> versions{};
};

// A run of datagrams from one path, all of segment_size bytes but the last, which may be shorter.
struct ReceivedRun {
  Path path;
  uint8_t ecn = 0;              // RFC 3168 codepoint
  size_t segment_size = 0;
  ByteView bytes;
};
// The same shape outwards; length 0: nothing to send now.
struct Transmit {
  Path path;
  uint8_t ecn = 0;
  size_t segment_size = 0;
  size_t length = 0;
  uint8_t hop_limit = 0;              // IPv4's time to live; 0: the system's own
};

struct Grant {
  std::string service;                 // a service's name; "*" stands for all, present and future
  std::optional<WallTime> until;
  bool operator==(const Grant&) const = default;
};

struct InvitationOptions {
  std::string name;                    // proposed device name; empty: the device's own
  std::vector<Grant> grants;
  Duration valid_for = 10min;
  std::optional<Language> code_language; // also a short code with words of this language; needs a relay
  // Where the office can be reached, best first, behind forwarded ones; at most limits::link_addresses go into the link.
  std::vector<SocketAddress> addresses;
};
struct CreatedInvitation {
  RequestId request = 0;               // durable when done; show the link only then
  uint64_t id = 0;
  std::string link;                    // drawbridge:#... or, if phone_page() is known, https://shell.BASE/#...
  std::string code;                    // 7-forest-lamp; empty: none was asked for
  WallTime expires_at;
};

struct ServiceDefinition {             // on the office
  std::string name;                    // [a-z0-9-], 1 to 32, no '-' at the ends
  std::string kind;                    // "tcp", "unix", ... as the daemon says; "udp": its flows carry datagrams
  std::string target;                  // as the owner wrote it; never leaves the office
  uint16_t port = 0;                   // native port, proposed to devices; 0: none
};
struct OfferedService {                // on a device: what one office offers it
  RelationKey office;
  std::string name;
  std::string kind;
  uint16_t port = 0;
};

enum class PeerState : uint8_t { offline, connecting, connected, revoked };

struct PeerStatus {
  RelationKey key;
  std::string name;
  PeerState state{};
  std::optional<Duration> echo_age;    // since the last authentic answer
  std::optional<Path> path;
  std::string relay;                   // URL of the relay that `path` takes; empty: direct
  std::optional<Duration> rtt;
  traversal::NatBehaviour nat;         // of the peer's network, as it has told
  std::string cause;                   // why not connected, for people; empty when connected
  WallTime since;                      // of `state`
  uint64_t bytes_sent = 0, bytes_received = 0;
};

// One relay's view of our socket.
struct ReflexiveAddress {
  SocketAddress address;
  std::string relay;                   // URL
  SocketAddress seen_by;               // the endpoint of the relay that says so
};
// What this node has learned about its own network.
struct NetworkStatus {
  traversal::NatBehaviour behaviour;
  std::vector<ReflexiveAddress> reflexive;
  std::optional<bool> udp_passes;      // whether UDP gets out and answers come in; nothing: not known yet
  Duration keepalive{};                // after so long a device breaks its silence: less, where bindings were lost sooner
};

struct DeviceStatus {                  // on the office: one entry per device, revoked ones included
  DeviceId id;
  std::string name;
  std::vector<Grant> grants;
  PeerState state{};
  std::optional<WallTime> last_seen;
  std::string last_refusal;            // reason and count of the newest refusal after a right tag
  std::optional<WallTime> revoked_at;
  std::optional<WallTime> paired_at;   // nothing: an earlier version did not keep it, and no record of it is left
  std::optional<std::vector<Grant>> grants_before = {};  // of a revoked device: what it could reach until then, if that is known
};

struct InvitationStatus {
  uint64_t id = 0;
  std::string name;
  WallTime expires_at;
  bool claimed = false;
};

class Node {
 public:
  // `entropy` must outlive the node.
  Node(NodeConfig config, Entropy& entropy);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // --- start: first of all calls, once, with every stored row in any order; rows of kind audit may be left out ----
  // `malformed`: the row of this node itself cannot be read. Others that cannot are kept, and told of by an event.
  Result<void> start(Now now, const std::vector<Row>& rows);

  // --- handle_* --------------------------------------------------------------------------------------------------
  void handle_datagrams(Now now, const ReceivedRun& run);
  void handle_timeout(Now now);
  // Addresses of this machine's interfaces with the port of our socket; call at start and on each change, and after
  // a wake with the same list: every peer is checked at once.
  void handle_network_change(Now now, std::vector<SocketAddress> local);
  // Addresses at which a router lets packets in to us, whoever sends them: mapped ports, and those that the owner has
  // forwarded by hand. The whole list, on each change; peers are told.
  void handle_forwarded_addresses(Now now, std::vector<SocketAddress> forwarded);
  // The answer to event::RelayWanted, and whenever that changes: where the relay is. Nothing: out of reach.
  void handle_relay_link(Now now, uint16_t number, std::optional<Path> path);
  // The answer to one that was wanted beside: whether it could carry now.
  void handle_relay_beside(Now now, uint16_t number, bool ready);
  // The answer to event::PortsWanted: the local ports of the sockets that were bound.
  void handle_ports(Now now, const RelationKey& peer, const std::vector<uint16_t>& ports);
  void handle_persisted(Now now, uint64_t ticket);
  // The disk refused the batch (and will refuse those after it until it is repaired): requests in it fail.
  void handle_persist_failed(Now now, uint64_t ticket, const std::string& reason);
  // A program of another user of this machine was kept from a service: put on record, at most once a minute.
  void handle_local_refusal(Now now, const std::string& user, const std::string& address);
  // A device that was granted the office's page asks there for `request`, a change: put on record under its name.
  void handle_device_request(Now now, const DeviceId& device, const std::string& name, const std::string& service,
                             const std::string& request);
  // SIGTERM: tells peers `restarting`. Poll transmits once more, then destroy.
  void shut_down(Now now);

  // --- poll_* ----------------------------------------------------------------------------------------------------
  std::optional<PersistBatch> poll_persist();
  // Fills `buffer` (at least 64 KiB) with a run for one path, at most the congestion controller's send quantum.
  Transmit poll_transmit(Now now, MutableBytes buffer);
  std::optional<Event> poll_event();
  Instant next_timeout() const;        // far_future: none

  // --- requests of the owner: office ------------------------------------------------------------------------------
  Result<CreatedInvitation> create_invitation(Now now, InvitationOptions options);
  Result<RequestId> cancel_invitation(Now now, uint64_t id);
  Result<RequestId> revoke(Now now, const DeviceId& device, std::string reason);
  Result<RequestId> forget_device(Now now, const DeviceId& device);     // a revoked one disappears from the list
  Result<RequestId> reset_counter(Now now, const DeviceId& device);
  Result<RequestId> allow(Now now, const DeviceId& device, std::vector<Grant> grants);
  Result<RequestId> deny(Now now, const DeviceId& device, std::vector<std::string> services);
  Result<RequestId> rename(Now now, const DeviceId& device, std::string name);
  Result<RequestId> expose(Now now, ServiceDefinition service);
  Result<RequestId> unexpose(Now now, const std::string& name);
  // Once another copy of this office was met (event::Displaced): this one is the office. Done when that is durable; then
  // the node must be started anew.
  Result<RequestId> take_over(Now now);
  // Puts a signed checkpoint in the place of all audit records up to the one whose bytes are `last`: a record that is on
  // the disk, and to which the caller has followed the chain (audit::OlderRecords). `state`: one stands there already.
  Result<RequestId> prune_audit(Now now, ByteView last);
  // A relay by which devices reach this office, behind those named before; `token` for private ones.
  Result<RequestId> add_relay(Now now, std::string_view url, std::string token);
  Result<RequestId> remove_relay(Now now, std::string_view url);
  // Asks every relay at once, own ones without anybody to serve too; relays() tells what comes of it. Those are kept
  // until end_asking(), which must follow.
  void ask_relays(Now now);
  void end_asking();
  // A port that somebody forwards to us by hand, as HOST:PORT; the driver looks the host up (event::AddressesWanted).
  Result<RequestId> add_address(Now now, std::string_view text);
  Result<RequestId> remove_address(Now now, std::string_view text);

  // --- requests of the owner: device ------------------------------------------------------------------------------
  // `text`: a link, or a short code, which is looked for at every relay that this node knows.
  // Done when paired and connected, or with the reason why not (expired, unreachable, ...).
  Result<RequestId> join(Now now, std::string_view text, std::string own_name);
  Result<RequestId> leave(Now now, const DeviceId& office);
  // A fresh sealed echo; fails with `unreachable` after `timeout`.
  Result<RequestId> ping(Now now, const RelationKey& peer, Duration timeout);

  // --- flows -------------------------------------------------------------------------------------------------------
  // Opens at once, even before the peer is connected: bytes written wait for it, within the write space.
  Result<FlowId> open_flow(Now now, const DeviceId& office, const std::string& service);
  void accept_flow(Now now, FlowId flow);
  void refuse_flow(Now now, FlowId flow, FlowReset reason, std::string message);  // the id is free at once
  // Space to write into, at most `max` bytes, possibly empty; valid until the next non-const call.
  MutableBytes write_space(FlowId flow, size_t max);
  void commit_write(Now now, FlowId flow, size_t length);
  void finish_write(Now now, FlowId flow);               // half-close
  // The next bytes in order, contiguous as far as held so; empty: none now, or the end (see at_end).
  ByteView readable(FlowId flow) const;
  size_t readable(FlowId flow, std::span<ByteView> pieces) const;  // the same as several pieces; gives how many
  bool at_end(FlowId flow) const;                        // everything was read and the peer has finished
  void consume(Now now, FlowId flow, size_t length);     // gives the peer credit for more
  void reset_flow(Now now, FlowId flow, FlowReset reason);  // the id is free at once: no FlowEnded follows
  // Flows of a service of kind "udp" carry whole datagrams, of at most limits::datagram_bytes, and no bytes: these three
  // instead of write_space to consume. A datagram may be lost or overtaken by another, as in any network.
  void send_datagram(Now now, FlowId flow, ByteView datagram);
  // The oldest that has arrived, until consumed; nothing: none now, FlowReadable says when.
  std::optional<ByteView> readable_datagram(FlowId flow) const;
  void consume_datagram(Now now, FlowId flow);
  std::optional<FlowCounters> flow_counters(FlowId flow) const;
  // Gives back memory that is kept for transfers to come, for a driver that has seen none for a while.
  void release_spare_memory();

  // --- queries -----------------------------------------------------------------------------------------------------
  const DeviceId& id() const;
  std::map<RowKind, size_t> unreadable_rows() const;  // how many of each kind at the start
  bool displaced() const;              // another copy of this office runs; this one lets nobody new in
  std::vector<PeerStatus> peers(Now now) const;
  std::vector<DeviceStatus> devices(Now now) const;
  bool is_office() const;              // it has services, devices or invitations: somebody may look for it
  std::vector<ServiceDefinition> own_services() const;
  std::vector<OfferedService> offered_services() const;
  std::vector<InvitationStatus> invitations(Now now) const;
  std::vector<relay::RelayAddress> own_relays() const;
  std::vector<traversal::FixedAddress> fixed_addresses() const;  // in the order in which they were added
  std::vector<relay::RelayStatus> relays() const;       // all in use: own ones and those of this device's offices
  // The origin of the phone page that the first of the own relays serves, as it has told; empty: none is known to.
  std::string phone_page() const;
  NetworkStatus network() const;
  // What was tried to reach this peer; null: there is none. Valid until the next call that is not const.
  const traversal::PathHistory* path_history(const RelationKey& peer) const;
  // What the core knows about the way to this peer; the driver adds what only it knows. Nothing: there is none.
  std::optional<traversal::PathFacts> path_facts(Now now, const RelationKey& peer) const;
  // Sequence number and hash of the newest audit record (zeros: none).
  std::pair<uint64_t, std::array<uint8_t, 32>> audit_head() const;
  // What stands for the pruned records of this node's own trail.
  std::optional<audit::Checkpoint> audit_checkpoint() const;
  // The newest durable record of this node's own trail, signed now.
  audit::Head sign_audit_head(Now now) const;
  // Device: what it has kept of its offices' trails.
  std::map<DeviceId, audit::KeptHead> audit_heads() const;

 private:
  struct Core;
  std::unique_ptr<Core> core_;
};

}  // namespace drawbridge
