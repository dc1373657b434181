// Inside of Node: the parts and how packets find them.
#pragma once

#include <map>

#include "protocol/invitation.hpp"
#include "protocol/joining.hpp"
#include "protocol/peer.hpp"

namespace drawbridge {

struct Node::Core {
  Core(NodeConfig config, Entropy& entropy) : shared(std::move(config), entropy) {}

  drawbridge::Core shared;
  std::map<RelationKey, std::unique_ptr<Peer>> peers;
  std::map<uint64_t, std::unique_ptr<Invitation>> invitations;
  std::map<RequestId, std::unique_ptr<Joining>> joinings;
  std::map<RequestId, std::unique_ptr<CodeTaker>> code_takers;
  std::map<DeviceId, roster::Revocation> revocations;      // the newest of each device that has no access
  std::multimap<DeviceId, roster::Revocation> earlier_revocations;  // all others: on record until the device is forgotten
  std::map<RowKind, size_t> unreadable;                    // found at the start
  std::vector<roster::OwnRelay> relays;
  std::vector<roster::OwnAddress> addresses;
  std::vector<SocketAddress> asking;                       // mailboxes for nobody, so that their relays are asked
  size_t askers = 0;
  std::map<RelationKey, RequestId> joins;                  // paired, and waiting to be connected
  TokenBucket strange{limits::strange_packets_per_second, limits::strange_packets_burst};
  TokenBucket revoked_audit{1.0 / 60, 1};
  TokenBucket revoked_news{limits::handshakes_per_second, limits::handshakes_burst};
  TokenBucket local_refusal_audit{1.0 / 60, 1};
  uint64_t local_refusals = 0;                             // since the last record
  size_t turn = 0;                                         // whose turn it is to send
  bool datagram_next = false;
  Instant grants_checked{};
  TokenBucket reflexive_news{limits::observations_per_second, limits::observations_burst};
  std::vector<SocketAddress> reflexive_told;               // to peers: where relays see us
  traversal::NatBehaviour nat_told;

  // node.cpp
  bool load(const Row& row);                              // false: it cannot be read
  void load_revocation(roster::Revocation revocation);
  void apply_revocations();                               // at the start, when all rows are loaded
  void supersede_revocation(const RelationKey& paired);
  void keep_unreadable(const Row& row);
  void started(Now now);
  void reap(Now now);                                      // parts that are over
  void finish_pairing(Now now, Invitation& invitation);
  void finish_joining(Now now, Joining& joining);
  void finish_joins();
  void finish_code(Now now, RequestId request, CodeTaker& taker);
  void forget_left(Now now, Peer& peer);
  Peer& add_peer(roster::Relation record);

  // node_network.cpp
  bool handle_datagram(Now now, const Path& path, uint8_t ecn, ByteView datagram, Carried*& touched);
  bool handle_stranger(Now now, const Path& path, ByteView datagram);
  bool handle_first_packet(Now now, const Path& path, ByteView datagram, const quic::FirstInitial& form);
  Carried* route(ByteView datagram);
  Instant next_timeout() const;
  Transmit transmit_datagram(Now now, MutableBytes buffer);
  bool handle_arrival(Now now, const Path& path, uint8_t ecn, ByteView datagram, Carried*& touched);
  void follow_relays(Now now);
  bool handle_code_datagram(Now now, const SocketAddress& mailbox, ByteView payload);
  Transmit poll_transmit(Now now, MutableBytes buffer);
  Transmit transmit_session(Now now, MutableBytes buffer);

  // node_pairing.cpp
  Result<std::string> give_by_code(Now now, Invitation& invitation, Language language, const std::string& link);
  Result<void> begin_joining(Now now, RequestId request, std::string_view link, std::string own_name);
  Result<RequestId> join_by_code(Now now, std::string_view text, std::string own_name);
  std::vector<relay::RelayAddress> known_relays() const;   // our own and those of our offices

  // node_requests.cpp
  Peer* device(const DeviceId& id);
  Peer* office(const DeviceId& id);
  Peer* owner(FlowId flow);
  void offer_all(Now now);
  void apply_relays();                                     // the list, in order, to where peers look
  RequestId change_relays(Now now, std::vector<roster::OwnRelay> before, Row undo);
  // node_addresses.cpp
  void want_addresses();                                   // the driver looks them up
  RequestId change_addresses(std::vector<roster::OwnAddress> before, Row undo);
  // The request for a change that was just made; it is taken back if the disk refuses it.
  RequestId change_device(const DeviceId& id, std::function<void(roster::Relation&)> take_back);
  RequestId change_service(Now now, const std::string& name, std::optional<ServiceDefinition> before);
};

// What several requests refuse alike.
namespace refusals {
Error bad_name();
Error bad_service();
Error bad_target();
Error unknown_office();
bool valid_grants(const std::vector<Grant>& grants);
}  // namespace refusals

}  // namespace drawbridge
