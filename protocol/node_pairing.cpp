// How relations begin and end: invitations and short codes at the office, joining and leaving at a device.
#include <algorithm>

#include "protocol/node_core.hpp"

namespace drawbridge {

Result<std::string> Node::Core::give_by_code(Now now, Invitation& invitation, Language language, const std::string& link) {
  auto taken = [this](uint16_t number) {
    return std::any_of(invitations.begin(), invitations.end(), [&](const auto& entry) { return entry.second->code() && entry.second->code()->code().number == number; });
  };
  pairing::ShortCode code = pairing::draw_short_code(language, shared.entropy);
  while (taken(code.number)) code = pairing::draw_short_code(language, shared.entropy);
  Duration valid_for = std::chrono::milliseconds(invitation.record().expires_at.unix_ms - now.wall.unix_ms);
  auto offer = pairing::ShortCodeOffer::create(code, link, now.boot + valid_for, shared.entropy);
  if (!offer) return offer.error();
  invitation.give_by_code(now, offer.take());
  return to_text(code);
}

Result<CreatedInvitation> Node::create_invitation(Now now, InvitationOptions options) {
  auto& shared = core_->shared;
  if (!options.name.empty() && !roster::is_display_name(options.name)) return refusals::bad_name();
  if (!refusals::valid_grants(options.grants)) return refusals::bad_service();
  if (options.valid_for <= 0ns || options.valid_for > limits::invitation_longest) {
    return Error{ErrorCode::invalid_argument, "An invitation is valid for at most seven days.", "Choose a shorter time, such as 10m or 2h."};
  }
  if (core_->invitations.size() >= limits::open_invitations) {
    return Error{ErrorCode::limit, "Too many invitations are open.", "Wait until some are used or expired."};
  }
  if (options.code_language && shared.own_relays.empty()) {
    return Error{ErrorCode::state, "A short code needs a relay, where both computers meet.", "Add one with `drawbridge relay add URL`, or use the link or the picture."};
  }
  auto live = std::count_if(core_->peers.begin(), core_->peers.end(), [](const auto& p) { return p.first.role == PeerRole::device; });
  if (static_cast<size_t>(live) >= limits::devices) return Error{ErrorCode::limit, "No more devices can be paired.", "Revoke devices that are no longer used."};
  roster::Invitation record;
  record.secret = shared.entropy.secret32();
  record.id = pairing::invitation_id(record.secret);
  record.name = options.name;
  record.grants = options.grants;
  record.expires_at = {now.wall.unix_ms + to_ms(options.valid_for)};
  options.addresses.insert(options.addresses.begin(), shared.forwarded_addresses.begin(), shared.forwarded_addresses.end());
  options.addresses.resize(std::min(options.addresses.size(), limits::link_addresses));
  CreatedInvitation created{.id = record.id, .expires_at = record.expires_at};
  created.link = pairing::to_link({id(), record.secret, options.addresses, shared.own_relays}, phone_page());
  auto invitation = std::make_unique<Invitation>(shared, record);
  if (options.code_language) {
    auto code = core_->give_by_code(now, *invitation, *options.code_language, created.link);
    if (!code) return code.error();
    created.code = code.take();
  }
  shared.journal.put(roster::to_row(record));
  shared.audit(now, audit::RecordType::invitation_created, nullptr, options.name, "", "invitation " + std::to_string(record.id));
  invitation->open_mailboxes(now);
  core_->invitations[created.id] = std::move(invitation);
  created.request = shared.durable_request([core = core_.get(), id = created.id](Now) {
    core->invitations.erase(id);
    core->shared.journal.put(roster::deleted(RowKind::invitation, roster::invitation_key_bytes(id)));
  });
  return created;
}

Result<RequestId> Node::cancel_invitation(Now now, uint64_t id) {
  auto found = core_->invitations.find(id);
  if (found == core_->invitations.end() || found->second->spent()) {
    return Error{ErrorCode::not_found, "There is no such invitation: it was used, or has expired.", ""};
  }
  core_->shared.journal.put(roster::deleted(RowKind::invitation, roster::invitation_key_bytes(id)));
  core_->shared.audit(now, audit::RecordType::invitation_cancelled, nullptr, found->second->record().name, "", "invitation " + std::to_string(id));
  core_->shared.journal.hold(Urgency::vital);
  // Kept whole, with its mailboxes and its short code, until the disk has agreed.
  auto withdrawn = std::make_shared<std::unique_ptr<Invitation>>(std::move(found->second));
  core_->invitations.erase(found);
  return core_->shared.durable_request([core = core_.get(), id, withdrawn](Now) {
    (*withdrawn)->save();
    core->invitations[id] = std::move(*withdrawn);
  });
}

Result<void> Node::Core::begin_joining(Now now, RequestId request, std::string_view text, std::string own_name) {
  auto link = pairing::parse_link(text);
  if (!link) return link.error();
  if (link->office == shared.identity().id) return Error{ErrorCode::invalid_argument, "This link is this computer's own.", "Use it on the other device."};
  if (link->addresses.empty() && link->relays.empty()) return Error{ErrorCode::invalid_argument, "The link names no address of the office.", "Make a new one while the office is in a network."};
  joinings[request] = std::make_unique<Joining>(shared, request, link.take(), std::move(own_name), now);
  joinings[request]->handle_timeout(now);
  return {};
}

std::vector<relay::RelayAddress> Node::Core::known_relays() const {
  std::vector<relay::RelayAddress> known = shared.own_relays;
  for (const auto& [key, peer] : peers) {
    if (key.role == PeerRole::office) known.insert(known.end(), peer->record().relays.begin(), peer->record().relays.end());
  }
  return known;
}

Result<RequestId> Node::Core::join_by_code(Now now, std::string_view text, std::string own_name) {
  auto code = pairing::parse_short_code(text);
  if (!code) return code.error();
  std::vector<relay::RelayAddress> relays = known_relays();
  if (relays.empty()) return Error{ErrorCode::state, "A short code needs a relay, and this computer knows none.", "Add the office's with `drawbridge relay add URL`, or use the link that `drawbridge pair` shows there."};
  RequestId request = shared.begin_request();
  code_takers[request] = std::make_unique<CodeTaker>(shared, *code, std::move(own_name), relays, now);
  return request;
}

Result<RequestId> Node::join(Now now, std::string_view text, std::string own_name) {
  if (own_name.empty()) own_name = core_->shared.config.name;
  if (!roster::is_display_name(own_name)) return refusals::bad_name();
  if (core_->joinings.size() + core_->code_takers.size() + core_->peers.size() >= limits::offices + limits::devices) {
    return Error{ErrorCode::limit, "This device belongs to too many offices.", "Leave one with `drawbridge leave`."};
  }
  if (pairing::may_be_short_code(text)) return core_->join_by_code(now, text, std::move(own_name));
  RequestId request = core_->shared.begin_request();
  if (auto begun = core_->begin_joining(now, request, text, std::move(own_name)); !begun) return begun.error();
  return request;
}

Result<RequestId> Node::leave(Now now, const DeviceId& office) {
  Peer* peer = core_->office(office);
  if (!peer) return refusals::unknown_office();
  core_->shared.journal.put(roster::deleted(RowKind::relation, roster::relation_key_bytes(peer->key())));
  core_->shared.forget_copies(office);
  core_->shared.forget_audit_head(office);
  RequestId request = core_->shared.begin_request();
  peer->leave(now, request);
  core_->shared.emit(event::ServicesChanged{peer->key()});
  return request;
}

}  // namespace drawbridge
