// What a node knows for good, as rows (protocol/rows.hpp). Every record is one msgpack array in fixed form whose first
// element is its layout's version; readers refuse what they do not know. docs/spec/pairing.md, "Durable state".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "keys/identity.hpp"
#include "keys/secret.hpp"
#include "protocol/base/address.hpp"
#include "protocol/node.hpp"
#include "protocol/traversal/fixed_address.hpp"

namespace drawbridge::roster {

// One relation: this node and an office of it, or a device of it.
struct Relation {
  RelationKey key;
  std::string name;                        // office: as its owner called it; device: as the office's owner calls it
  Secret32 psk;
  WallTime paired_at;
  std::vector<Grant> grants;               // office: what the device may reach
  uint64_t counter = 0;                    // office: newest message 1 counter accepted
  uint64_t peer_boot = 0;                  // newest boot id of the peer that is known
  std::vector<SocketAddress> addresses;    // where the peer was last; device: the office's addresses, best first
  std::optional<WallTime> last_seen;       // office
  std::vector<OfferedService> services;    // device: what the office last offered
  std::vector<relay::RelayAddress> relays; // device: by which the office can be reached
  Bytes certificate;                       // device: signed by the office; a record, grants nothing
  std::string refusal;                     // office: newest refusal after a right tag
  uint64_t refusals = 0;
  bool revoked = false;                    // device: the office said so; the keys are gone
};
Row to_row(const Relation& relation);
std::optional<Relation> parse_relation(ByteView value);
Bytes relation_key_bytes(const RelationKey& key);

// Forgets the keys of a relation and keeps its name, so that `status` can say what happened.
void forget_keys(Relation& relation);

struct Revocation {
  DeviceId device;
  std::string name, reason;
  WallTime revoked_at;
  Secret<16> knock_tag;                    // recognises attempts, for the audit; opens nothing
  std::optional<WallTime> last_seen;       // before
  // Not known of what version 1 of the state held, unless the trail tells (protocol/upgrade.hpp).
  std::optional<WallTime> paired_at;
  std::optional<std::vector<Grant>> grants;  // until then
};
// Of the relation that ends.
Revocation revocation_of(const Relation& relation, std::string reason, WallTime revoked_at, const Secret<16>& knock_tag,
                         std::optional<WallTime> last_seen);
Row to_row(const Revocation& revocation);
std::optional<Revocation> parse_revocation(ByteView value);
Bytes revocation_key_bytes(const Revocation& revocation);

struct Invitation {
  uint64_t id = 0;
  std::string name;
  Secret32 secret;
  std::vector<Grant> grants;
  WallTime expires_at;
  std::vector<uint64_t> seen;              // first bytes of each message 1 answered: a replay meets silence
  std::optional<ExchangePublic> claimed_by;  // whose handshake was finished first; only this key may repeat it
  // Both sides of a pairing that the device has not acknowledged yet: either may lose power now.
  std::optional<Relation> pending;
};
Row to_row(const Invitation& invitation);
std::optional<Invitation> parse_invitation(ByteView value);
Bytes invitation_key_bytes(uint64_t id);

Row to_row(const ServiceDefinition& service);
std::optional<ServiceDefinition> parse_service(ByteView value);

// A relay that the owner named; `order` grows with each.
struct OwnRelay {
  uint64_t order = 0;
  relay::RelayAddress address;
};
Row to_row(const OwnRelay& relay, const DeviceId& id);
std::optional<OwnRelay> parse_own_relay(ByteView value);

// An address that the owner fixed for this office; `order` grows with each.
struct OwnAddress {
  uint64_t order = 0;
  traversal::FixedAddress address;
};
Row to_row(const OwnAddress& own);
std::optional<OwnAddress> parse_own_address(ByteView value);
Bytes own_address_key_bytes(const traversal::FixedAddress& address);

// This node itself.
struct NodeState {
  uint64_t boot_id = 0;                    // starts so far: a peer that sees a higher one knows that we restarted
  uint64_t counter_reserved = 0;           // no message 1 counter above this was used
  uint64_t audit_sequence = 0;
  std::array<uint8_t, 32> audit_hash{};
};
Row to_row(const NodeState& state);
std::optional<NodeState> parse_node_state(ByteView value);

Row deleted(RowKind kind, Bytes key);

// Whether `service` is granted at `now`.
bool is_granted(const std::vector<Grant>& grants, const std::string& service, WallTime now);

// Names of people's things: plain text, 1 to limits::name_bytes.
bool is_display_name(std::string_view name);

}  // namespace drawbridge::roster
