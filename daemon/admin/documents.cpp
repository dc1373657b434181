#include "daemon/admin/documents.hpp"

#include <algorithm>

#include "daemon/admin/diagnosis.hpp"
#include "daemon/admin/rfc3339.hpp"

namespace drawbridge::admin {
namespace {

Value time_or_null(const std::optional<WallTime>& time) {
  return time ? Value(to_rfc3339(*time)) : Value();
}

Value grants_until(const DeviceStatus& device) {
  Value out = Value::map();
  for (const Grant& grant : device.grants) out.set(grant.service, time_or_null(grant.until));
  return out;
}

// The earliest end; absent if every grant is without end.
std::optional<WallTime> earliest_end(const std::vector<Grant>& grants) {
  std::optional<WallTime> earliest;
  for (const Grant& grant : grants) {
    if (grant.until && (!earliest || *grant.until < *earliest)) earliest = grant.until;
  }
  return earliest;
}

std::optional<PeerStatus> office_of(Scope& scope, const RelationKey& key) {
  for (PeerStatus& peer : scope.node().peers(scope.now())) {
    if (peer.key == key) return std::move(peer);
  }
  return std::nullopt;
}

Value invitations_document(Scope& scope) {
  Value out = Value::array();
  for (const InvitationStatus& invitation : scope.node().invitations(scope.now())) {
    out.push(Value::map({{"id", invitation.id},
                         {"name", text_or_null(invitation.name)},
                         {"expires_at", to_rfc3339(invitation.expires_at)},
                         {"claimed", invitation.claimed}}));
  }
  return out;
}

Value warnings_document(Scope& scope) {
  Value out = Value::array();
  for (const Warning& warning : scope.warnings()) out.push(Value::map({{"code", warning.code}, {"message", warning.message}, {"remedy", warning.remedy}}));
  return out;
}

// Enough to see whether the path is at rest; `debug dump` has all.
constexpr size_t newest_transitions = 5;

}  // namespace

Value listen_document(Scope& scope) {
  Value out = Value::array();
  for (const SocketAddress& address : scope.driver.listening()) out.push("udp://" + to_text(address));
  return out;
}

Value addresses_document(Scope& scope) {
  Value out = Value::array();
  for (const FixedAddressFinding& finding : scope.outside.fixed()) out.push(fixed_address_document(finding));
  return out;
}

Value fixed_address_document(const FixedAddressFinding& finding) {
  Value found = Value::array();
  for (const SocketAddress& address : finding.found) found.push(to_text(address));
  return Value::map({{"address", to_text(finding.address)}, {"found", std::move(found)}, {"cause", text_or_null(finding.failure)}});
}

const char* role_name(PeerRole role) { return role == PeerRole::office ? "office" : "device"; }

const char* state_name(PeerState state) {
  switch (state) {
    case PeerState::offline:
      return "offline";
    case PeerState::connecting:
      return "connecting";
    case PeerState::connected:
      return "connected";
    case PeerState::revoked:
      return "revoked";
  }
  return "offline";
}

Value milliseconds(const std::optional<Duration>& duration) {
  // Microseconds are as exact as anything here is.
  return duration ? Value(static_cast<double>(duration->count() / 1'000) / 1e3) : Value();
}

Value text_or_null(const std::string& text) {
  return text.empty() ? Value() : Value(text);
}

Value path_document(Scope& scope, const PeerStatus& peer) {
  if (!peer.path) return {};
  bool direct = peer.relay.empty();
  return Value::map({{"kind", direct ? "direct" : "relayed"},
                     {"remote", direct ? Value(to_text(peer.path->remote)) : Value()},
                     {"relay", text_or_null(peer.relay)},
                     {"rtt_ms", milliseconds(peer.rtt)},
                     {"loss", loss_of(scope, peer.key)}});
}

Value peer_document(Scope& scope, const PeerStatus& peer) {
  return Value::map({{"id", to_text(peer.key.peer)},
                     {"name", peer.name},
                     {"role", role_name(peer.key.role)},
                     {"state", state_name(peer.state)},
                     {"echo_age_ms", milliseconds(peer.echo_age)},
                     {"path", peer.state == PeerState::connected ? path_document(scope, peer) : Value()},
                     {"cause", cause_of(scope, peer)},
                     {"transitions", transitions_document(scope, peer.key, newest_transitions)},
                     {"since", to_rfc3339(peer.since)},
                     {"bytes_sent", peer.bytes_sent},
                     {"bytes_received", peer.bytes_received}});
}

static Value grant_names(const std::vector<Grant>& grants) {
  Value names = Value::array();
  for (const Grant& grant : grants) names.push(grant.service);
  return names;
}

Value device_document(const DeviceStatus& device) {
  return Value::map({{"id", to_text(device.id)},
                     {"name", device.name},
                     {"grants", grant_names(device.grants)},
                     {"until", time_or_null(earliest_end(device.grants))},
                     {"state", state_name(device.state)},
                     {"last_seen", time_or_null(device.last_seen)},
                     {"last_refusal", text_or_null(device.last_refusal)},
                     {"revoked_at", time_or_null(device.revoked_at)},
                     {"paired_at", time_or_null(device.paired_at)},
                     {"grants_before", device.grants_before ? grant_names(*device.grants_before) : Value()},
                     {"grants_until", grants_until(device)}});
}

Value own_service_document(Scope& scope, const ServiceDefinition& service) {
  std::string cause = scope.connector.cause(service.name);
  return Value::map({{"name", service.name},
                     {"office", scope.name},
                     {"kind", service.kind},
                     {"target", service.target},
                     {"address", nullptr},
                     {"url", nullptr},
                     {"state", cause.empty() ? "ready" : "target_down"},
                     {"cause", text_or_null(cause)}});
}

Value offered_service_document(Scope& scope, const OfferedService& service) {
  auto office = office_of(scope, service.office);
  auto address = scope.forward.address(service.office.peer, service.name);
  bool connected = office && office->state == PeerState::connected;
  Value cause = !address             ? Value("No free local port was found for this service.")
                : connected || !office ? Value()
                                       : cause_of(scope, *office);
  return Value::map({{"name", service.name},
                     {"office", office ? office->name : ""},
                     {"kind", service.kind},
                     {"target", nullptr},
                     {"address", address ? Value(to_text(*address)) : Value()},
                     {"url", text_or_null(scope.gateway.url(service.office.peer, service.name))},
                     {"state", !address    ? "unavailable"
                               : connected ? "ready"
                                           : "waiting"},
                     {"cause", std::move(cause)}});
}

Value services_document(Scope& scope) {
  Value out = Value::array();
  for (const ServiceDefinition& service : scope.node().own_services()) out.push(own_service_document(scope, service));
  for (const OfferedService& service : scope.node().offered_services())
    out.push(offered_service_document(scope, service));
  return out;
}

Value status_document(Scope& scope) {
  Value peers = Value::array();
  for (const PeerStatus& peer : scope.node().peers(scope.now())) peers.push(peer_document(scope, peer));
  Value node = Value::map({{"id", to_text(scope.node().id())},
                           {"name", scope.name},
                           {"version", DRAWBRIDGE_VERSION},
                           {"listen", listen_document(scope)},
                           {"started_at", to_rfc3339(scope.started_at)},
                           {"displaced", scope.node().displaced()},
                           {"locked", false}});
  return Value::map({{"node", std::move(node)},
                     {"peers", std::move(peers)},
                     {"reach", reach_document(scope)},
                     {"addresses", addresses_document(scope)},
                     {"services", services_document(scope)},
                     {"invitations", invitations_document(scope)},
                     {"warnings", warnings_document(scope)}});
}

}  // namespace drawbridge::admin
