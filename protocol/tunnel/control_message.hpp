// Messages on a connection's control stream (the device's first bidirectional stream): docs/spec/tunnel.md.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "keys/identity.hpp"
#include "protocol/audit/audit_head.hpp"
#include "protocol/node.hpp"
#include "protocol/quic/connection.hpp"
#include "protocol/roster/incarnation.hpp"
#include "protocol/traversal/punch.hpp"

namespace drawbridge::tunnel {

// Office, after each change: what this device may reach, and where the office can be reached.
struct Offer {
  std::string office_name;
  std::vector<OfferedService> services;   // `office` is left empty
  std::vector<SocketAddress> addresses;
  std::vector<relay::RelayAddress> relays;
  traversal::NatBehaviour nat;            // of the office's network
};
struct Rekey { quic::Connection::RekeyHalf half; };          // device
struct RekeyAnswer { quic::Connection::RekeyHalf half; };    // office
struct Revoked { std::string reason; };                      // office: wipe your keys
// Pairing: request by the device, grant by the office once its side is durable, done by the device once its is.
struct PairRequest {
  DeviceId device;
  std::string name;
  Signature signature{};                  // of pairing_signature_text(handshake hash)
};
struct PairGrant {
  std::string office_name;
  std::string device_name;
  Bytes certificate;
};
struct PairDone {};
struct Leave {};                          // device: forget me
struct Hello { std::string name; };       // device, first message of a session
// Device: where it may be found, so that both ends send to one another at once and open their routers' way.
struct Candidates {
  std::vector<SocketAddress> addresses;
  traversal::NatBehaviour nat;            // of the device's network
  bool operator==(const Candidates&) const = default;
};

// Office, first message of a session: which copy of it this is. Device, in answer: a newer one that it has met.
using roster::Incarnation;

// Both: from where it will send, to find a way through both routers. `go`, device only: now, both at once.
struct Punch {
  traversal::PunchTerms terms;
  bool go = false;
};

// Office: the newest durable record of its audit trail, signed.
using AuditHead = audit::Head;

using ControlMessage = std::variant<Offer, Rekey, RekeyAnswer, Revoked, PairRequest, PairGrant, PairDone, Leave, Hello, Candidates, Incarnation, Punch, AuditHead>;

Bytes encode(const ControlMessage& message);                 // payload of one frame
std::optional<ControlMessage> parse_control_message(ByteView payload);

}  // namespace drawbridge::tunnel
