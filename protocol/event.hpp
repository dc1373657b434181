// What a Node reports to its driver: things that happened, in order. Borrowed data never appears here.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "keys/device_id.hpp"
#include "keys/result.hpp"
#include "protocol/base/address.hpp"
#include "protocol/base/time.hpp"
#include "protocol/flow.hpp"
#include "protocol/rows.hpp"
#include "protocol/traversal/fixed_address.hpp"

namespace drawbridge {

// The part that the *peer* plays. Two nodes may be office and device of one another: two relations.
enum class PeerRole : uint8_t { office = 1, device = 2 };

struct RelationKey {
  PeerRole role{};
  DeviceId peer;
  std::strong_ordering operator<=>(const RelationKey&) const = default;
  bool operator==(const RelationKey&) const = default;
};

// Names a request that was accepted for processing; its RequestDone event follows, exactly once.
using RequestId = uint64_t;

namespace event {

// The request is finished: for changes, everything it did is durable. `rtt` is set for ping, `peer` for join.
struct RequestDone {
  RequestId request = 0;
  std::optional<Error> error;
  std::optional<Duration> rtt;
  std::optional<RelationKey> peer;
};
// Said only after an authenticated handshake and a sealed echo. `relay`, here and below: the URL of the relay that the
// path takes; empty: direct.
struct Connected { RelationKey peer; Path path; std::string relay; };
// No authentic packet for 3 s: the connection is kept and its clock stands still.
struct Suspended { RelationKey peer; };
struct Resumed { RelationKey peer; Path path; Duration away{}; };
struct PathChanged { RelationKey peer; Path path; std::string relay; };
// The connection is over (its flows were reset); the node goes on trying unless `final`.
struct Disconnected { RelationKey peer; std::string reason; bool final = false; };
// A device joined with an invitation (office), or this node joined an office (device). Durable.
struct Paired { RelationKey peer; std::string name; uint64_t invitation = 0; };
// This node was told, inside its session, that it is revoked; its keys for that office are wiped.
struct RevokedByOffice { RelationKey peer; };
// The list returned by Node::services() changed.
struct ServicesChanged { std::optional<RelationKey> office; };
// Find out where this relay is (or open a WebSocket to it), then call handle_relay_link. An empty URL: it is not used
// any more.
// `beside`: a WebSocket is made ready beside the present way, up to where HELLO would be sent, and answered by
// handle_relay_beside; wanted without `beside`, it is taken over as it is. Empty: it lost the race.
struct RelayWanted { uint16_t number = 0; std::string url; bool beside = false; };
// Look these up (now, after each network event, and now and then) and put what is found into
// Node::handle_forwarded_addresses. The whole list; empty: none any more.
struct AddressesWanted { std::vector<traversal::FixedAddress> addresses; };
// Office: somebody typed wrong words for this invitation's short code. No try left: the code is dead, the link is not.
struct CodeTried { uint64_t invitation = 0; int tries_left = 0; };
// Office: a device has met a copy of this office that began after this one, a restored backup perhaps. From now on this
// one lets nobody new in, until Node::take_over.
struct Displaced {};
// Device: the office tells an audit trail that does not hold what it told before: it was rewritten, or an older state was
// put back. Node::audit_heads() has both heads.
struct TrailDisputed { RelationKey office; };
// At the start: rows of the state that this version cannot read, and does without. They are kept.
struct RowsUnreadable { std::map<RowKind, size_t> rows; };
// Bind so many more UDP sockets on ports of the system's choice (IPv4, every address) and call handle_ports; fewer, or
// none, are no failure. Datagrams whose path has one of these local ports leave by that socket.
struct PortsWanted { RelationKey peer; uint16_t count = 0; };
// Close the sockets of these ports.
struct PortsReleased { std::vector<uint16_t> ports; };
// Something was refused after a right tag: counted, and said to the owner only.
struct Refused { std::optional<RelationKey> peer; std::string reason; };

// Office only: connect to the service's target, then call accept_flow or refuse_flow.
struct FlowRequested { FlowId flow = 0; RelationKey device; std::string device_name; std::string service; std::string target; };
// Device only: the office reached the target.
struct FlowAccepted { FlowId flow = 0; };
struct FlowReadable { FlowId flow = 0; };   // bytes or the end are there; edge-triggered: read until empty
struct FlowWritable { FlowId flow = 0; };   // after write space had been 0
struct FlowEnded { FlowId flow = 0; FlowReset reset = FlowReset::none; std::string message; };  // the id is free now

}  // namespace event

using Event = std::variant<event::RequestDone, event::Connected, event::Suspended, event::Resumed, event::PathChanged,
                           event::Disconnected, event::Paired, event::RevokedByOffice, event::ServicesChanged, event::CodeTried, event::Displaced, event::TrailDisputed, event::RowsUnreadable, event::Refused,
                           event::RelayWanted, event::AddressesWanted, event::PortsWanted, event::PortsReleased,
                           event::FlowRequested, event::FlowAccepted, event::FlowReadable, event::FlowWritable, event::FlowEnded>;

}  // namespace drawbridge
