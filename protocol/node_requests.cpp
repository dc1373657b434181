// What the owner asks for, and what he is told.
#include <algorithm>

#include "protocol/node_core.hpp"
#include "protocol/tunnel/frame.hpp"
#include "protocol/wire/utf8.hpp"

namespace drawbridge {
namespace {

Error unknown_device() { return {ErrorCode::not_found, "There is no such device.", "`drawbridge devices` lists them."}; }

bool is_text(std::string_view text, size_t most) { return utf8_prefix(text, most).size() == text.size(); }

std::string names_of(const std::vector<Grant>& grants) {
  std::string names;
  for (const Grant& grant : grants) names += (names.empty() ? "" : " ") + grant.service;
  return names;
}

}  // namespace

namespace refusals {

Error unknown_office() { return {ErrorCode::not_found, "There is no such office.", "`drawbridge status` lists them."}; }

Error bad_name() {
  return {ErrorCode::invalid_argument, "That name cannot be used.", "Use 1 to 64 characters without line breaks or control characters."};
}

Error bad_service() {
  return {ErrorCode::invalid_argument, "That is not a service's name.", "Names have 1 to 32 letters a-z, digits and dashes."};
}

Error bad_target() {
  return {ErrorCode::invalid_argument, "That target is too long, or not text.", "Use at most 1024 bytes; a longer command belongs into a script."};
}

bool valid_grants(const std::vector<Grant>& grants) {
  return grants.size() <= limits::grants_per_device &&
         std::all_of(grants.begin(), grants.end(), [](const Grant& g) { return g.service == "*" || tunnel::is_service_name(g.service); });
}

}  // namespace refusals

Peer* Node::Core::device(const DeviceId& id) {
  auto found = peers.find({PeerRole::device, id});
  return found == peers.end() || found->second->revoked() ? nullptr : found->second.get();
}

Peer* Node::Core::office(const DeviceId& id) {
  auto found = peers.find({PeerRole::office, id});
  return found == peers.end() ? nullptr : found->second.get();
}

void Node::Core::offer_all(Now now) {
  for (auto& [key, peer] : peers) {
    peer->send_offer(now);
    peer->end_ungranted_flows(now);
  }
}

RequestId Node::Core::change_device(const DeviceId& id, std::function<void(roster::Relation&)> take_back) {
  return shared.durable_request([this, id, take_back = std::move(take_back)](Now now) {
    Peer* peer = device(id);
    if (!peer) return;
    take_back(peer->record());
    peer->save();
    peer->send_offer(now);
    peer->end_ungranted_flows(now);
  });
}

RequestId Node::Core::change_service(Now now, const std::string& name, std::optional<ServiceDefinition> before) {
  auto announce = [this](Now when) {
    offer_all(when);
    shared.emit(event::ServicesChanged{});
  };
  announce(now);
  return shared.durable_request([this, name, before = std::move(before), announce](Now later) {
    if (before) shared.services[name] = *before;
    else shared.services.erase(name);
    shared.journal.put(before ? roster::to_row(*before) : roster::deleted(RowKind::service, to_bytes(as_bytes(name))));
    announce(later);
  });
}

Result<RequestId> Node::revoke(Now now, const DeviceId& device, std::string reason) {
  Peer* peer = core_->device(device);
  if (!peer) return unknown_device();
  auto& shared = core_->shared;
  auto revocation = roster::revocation_of(peer->record(), std::string(utf8_prefix(reason, limits::text_bytes)), now.wall, peer->keys().knock_tag, peer->last_seen(now));
  shared.journal.put(roster::deleted(RowKind::relation, roster::relation_key_bytes(peer->key())));
  shared.journal.put(roster::to_row(revocation));
  shared.audit(now, audit::RecordType::revoked, &device, revocation.name, "", revocation.reason);
  shared.journal.hold(Urgency::vital);
  core_->revocations[device] = revocation;
  RequestId request = shared.begin_request();
  peer->revoke(now, revocation.reason, request, [core = core_.get(), revocation](Now) {
    core->revocations.erase(revocation.device);
    core->shared.journal.put(roster::deleted(RowKind::revocation, roster::revocation_key_bytes(revocation)));
  });
  return request;
}

Result<RequestId> Node::forget_device(Now now, const DeviceId& device) {
  auto found = core_->revocations.find(device);
  if (found == core_->revocations.end()) {
    if (core_->device(device)) return Error{ErrorCode::state, "This device still has access.", "Revoke it first: `drawbridge revoke`."};
    return unknown_device();
  }
  core_->shared.audit(now, audit::RecordType::forgotten, &device, found->second.name);
  std::vector<roster::Revocation> all{std::move(found->second)};
  core_->revocations.erase(found);
  auto [first, last] = core_->earlier_revocations.equal_range(device);
  for (auto earlier = first; earlier != last; ++earlier) all.push_back(std::move(earlier->second));
  core_->earlier_revocations.erase(first, last);
  for (const auto& revocation : all) core_->shared.journal.put(roster::deleted(RowKind::revocation, roster::revocation_key_bytes(revocation)));
  return core_->shared.durable_request([core = core_.get(), all = std::move(all)](Now) {
    for (const auto& revocation : all) {
      core->shared.journal.put(roster::to_row(revocation));
      core->load_revocation(revocation);
    }
  });
}

Result<RequestId> Node::reset_counter(Now now, const DeviceId& device) {
  Peer* peer = core_->device(device);
  if (!peer) return unknown_device();
  uint64_t counter = std::exchange(peer->record().counter, 0);
  peer->record().refusal.clear();
  peer->record().refusals = 0;
  peer->save();
  core_->shared.audit(now, audit::RecordType::counter_reset, &device, peer->record().name);
  return core_->change_device(device, [counter](roster::Relation& record) { record.counter = std::max(record.counter, counter); });
}

Result<RequestId> Node::allow(Now now, const DeviceId& device, std::vector<Grant> grants) {
  Peer* peer = core_->device(device);
  if (!peer) return unknown_device();
  if (!refusals::valid_grants(grants)) return refusals::bad_service();
  auto& held = peer->record().grants;
  std::vector<Grant> before = held;
  for (const Grant& grant : grants) std::erase_if(held, [&](const Grant& g) { return g.service == grant.service; });
  if (held.size() + grants.size() > limits::grants_per_device) {
    held = std::move(before);
    return Error{ErrorCode::limit, "That is too many grants for one device.", "Grant `*` instead."};
  }
  held.insert(held.end(), grants.begin(), grants.end());
  peer->save();
  core_->shared.audit(now, audit::RecordType::granted, &device, peer->record().name, "", names_of(grants));
  peer->send_offer(now);
  return core_->change_device(device, [before = std::move(before)](roster::Relation& record) { record.grants = before; });
}

Result<RequestId> Node::deny(Now now, const DeviceId& device, std::vector<std::string> services) {
  Peer* peer = core_->device(device);
  if (!peer) return unknown_device();
  std::string names;
  std::vector<Grant> before = peer->record().grants;
  for (const std::string& service : services) {
    std::erase_if(peer->record().grants, [&](const Grant& g) { return g.service == service; });
    names += (names.empty() ? "" : " ") + service;
  }
  peer->save();
  core_->shared.audit(now, audit::RecordType::denied, &device, peer->record().name, "", names);
  core_->shared.journal.hold(Urgency::vital);
  peer->send_offer(now);
  peer->end_ungranted_flows(now);
  return core_->change_device(device, [before = std::move(before)](roster::Relation& record) { record.grants = before; });
}

Result<RequestId> Node::rename(Now now, const DeviceId& device, std::string name) {
  Peer* peer = core_->device(device);
  if (!peer) return unknown_device();
  if (!roster::is_display_name(name)) return refusals::bad_name();
  core_->shared.audit(now, audit::RecordType::renamed, &device, peer->record().name, "", name);
  std::string before = std::exchange(peer->record().name, std::move(name));
  peer->save();
  return core_->change_device(device, [before = std::move(before)](roster::Relation& record) { record.name = before; });
}

Result<RequestId> Node::expose(Now now, ServiceDefinition service) {
  if (!tunnel::is_service_name(service.name)) return refusals::bad_service();
  // What could not be read again would be gone with the next start.
  bool readable = is_text(service.kind, limits::service_kind_bytes) && is_text(service.target, limits::service_target_bytes);
  if (!readable) return refusals::bad_target();
  auto& services = core_->shared.services;
  if (services.size() >= limits::services && !services.contains(service.name)) {
    return Error{ErrorCode::limit, "No more services can be exposed.", "Remove one with `drawbridge unexpose`."};
  }
  core_->shared.journal.put(roster::to_row(service));
  core_->shared.audit(now, audit::RecordType::service_exposed, nullptr, "", service.name, service.target);
  auto known = services.find(service.name);
  std::optional<ServiceDefinition> before = known == services.end() ? std::nullopt : std::optional(known->second);
  std::string name = service.name;
  services[name] = std::move(service);
  return core_->change_service(now, name, std::move(before));
}

Result<RequestId> Node::unexpose(Now now, const std::string& name) {
  auto service = core_->shared.services.extract(name);
  if (service.empty()) return Error{ErrorCode::not_found, "There is no such service.", "`drawbridge services` lists them."};
  core_->shared.journal.put(roster::deleted(RowKind::service, to_bytes(as_bytes(name))));
  core_->shared.audit(now, audit::RecordType::service_removed, nullptr, "", name);
  return core_->change_service(now, name, std::move(service.mapped()));
}

Result<RequestId> Node::ping(Now now, const RelationKey& peer, Duration timeout) {
  auto found = core_->peers.find(peer);
  if (found == core_->peers.end()) return refusals::unknown_office();
  RequestId request = core_->shared.begin_request();
  found->second->ping(now, request, timeout);
  return request;
}

std::vector<PeerStatus> Node::peers(Now now) const {
  std::vector<PeerStatus> list;
  for (const auto& [key, peer] : core_->peers) {
    if (!(key.role == PeerRole::device && peer->revoked())) list.push_back(peer->status(now));
  }
  return list;
}

std::vector<DeviceStatus> Node::devices(Now now) const {
  std::vector<DeviceStatus> list;
  for (const auto& [key, peer] : core_->peers) {
    if (key.role != PeerRole::device || peer->revoked()) continue;
    const roster::Relation& r = peer->record();
    std::string refusal = r.refusal.empty() ? "" : r.refusal + " (" + std::to_string(r.refusals) + ")";
    PeerStatus status = peer->status(now);
    list.push_back({key.peer, r.name, r.grants, status.state, peer->last_seen(now), refusal, {}, r.paired_at});
  }
  for (const auto& [id, revocation] : core_->revocations) {
    list.push_back({id, revocation.name, {}, PeerState::revoked, revocation.last_seen, "", revocation.revoked_at, revocation.paired_at, revocation.grants});
  }
  return list;
}

const traversal::PathHistory* Node::path_history(const RelationKey& key) const {
  auto found = core_->peers.find(key);
  return found == core_->peers.end() ? nullptr : &found->second->history();
}

std::optional<traversal::PathFacts> Node::path_facts(Now now, const RelationKey& key) const {
  auto found = core_->peers.find(key);
  return found == core_->peers.end() ? std::nullopt : std::optional(found->second->path_facts(now));
}

Result<RequestId> Node::take_over(Now now) {
  drawbridge::Core& shared = core_->shared;
  if (!shared.displaced()) return Error{ErrorCode::state, "No other copy of this office was met.", "Nothing needs to be done: devices are let in."};
  roster::Instance before = shared.instance;
  uint64_t boot_before = shared.state.boot_id;
  shared.state.boot_id = std::max(shared.state.boot_id, before.displaced_by) + limits::starts_skipped;
  shared.instance.displaced_by = 0;
  shared.audit(now, audit::RecordType::taken_over, nullptr, "");
  shared.journal.put(roster::to_row(shared.instance));
  return shared.durable_request([core = core_.get(), before, boot_before](Now) {
    core->shared.instance = before;
    core->shared.state.boot_id = boot_before;  // its sessions go on
    core->shared.journal.put(roster::to_row(before));
    core->shared.save_state();
  });
}

bool Node::displaced() const { return core_->shared.displaced(); }

bool Node::is_office() const {
  auto device = [](const auto& peer) { return peer.first.role == PeerRole::device; };
  return !core_->shared.services.empty() || !core_->invitations.empty() || std::any_of(core_->peers.begin(), core_->peers.end(), device);
}

std::vector<ServiceDefinition> Node::own_services() const {
  std::vector<ServiceDefinition> list;
  for (const auto& [name, service] : core_->shared.services) list.push_back(service);
  return list;
}

std::vector<OfferedService> Node::offered_services() const {
  std::vector<OfferedService> list;
  for (const auto& [key, peer] : core_->peers) {
    if (key.role == PeerRole::office && !peer->leaving()) list.insert(list.end(), peer->record().services.begin(), peer->record().services.end());
  }
  return list;
}

std::vector<InvitationStatus> Node::invitations(Now now) const {
  std::vector<InvitationStatus> list;
  for (const auto& [id, invitation] : core_->invitations) {
    if (invitation->spent() || invitation->expired(now.wall)) continue;
    list.push_back({id, invitation->record().name, invitation->record().expires_at, invitation->record().claimed_by.has_value()});
  }
  return list;
}

}  // namespace drawbridge
