// The documents of docs/spec/admin.md, section 3.
#pragma once

#include "daemon/admin/scope.hpp"

namespace drawbridge::admin {

Value peer_document(Scope& scope, const PeerStatus& peer);
Value path_document(Scope& scope, const PeerStatus& peer);  // null if the peer has no path
Value device_document(const DeviceStatus& device);
Value own_service_document(Scope& scope, const ServiceDefinition& service);
Value offered_service_document(Scope& scope, const OfferedService& service);
// What this node exposes, then what it may reach.
Value services_document(Scope& scope);
Value status_document(Scope& scope);
Value relays_document(Scope& scope);

// Settings of this state folder: when its owner last made a backup, and said that the 24 words are kept safe.
constexpr const char* backup_made_setting = "backup/made_at";
constexpr const char* words_kept_setting = "words/kept_at";

Value listen_document(Scope& scope);
// What the owner has fixed, and what is found there.
Value addresses_document(Scope& scope);
Value fixed_address_document(const FixedAddressFinding& finding);

const char* state_name(PeerState state);
const char* role_name(PeerRole role);
Value milliseconds(const std::optional<Duration>& duration);  // with a fraction; null if absent
Value text_or_null(const std::string& text);

}  // namespace drawbridge::admin
