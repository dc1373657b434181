// The relays that the owner names, and what relays say.
#include <algorithm>

#include "protocol/node_core.hpp"
#include "protocol/relay/relay_url.hpp"

namespace drawbridge {

void Node::Core::apply_relays() {
  std::sort(relays.begin(), relays.end(), [](const auto& a, const auto& b) { return a.order < b.order; });
  shared.own_relays.clear();
  for (const roster::OwnRelay& relay : relays) shared.own_relays.push_back(relay.address);
}

RequestId Node::Core::change_relays(Now now, std::vector<roster::OwnRelay> before, Row undo) {
  auto apply = [this](Now when) {
    apply_relays();
    for (auto& [key, peer] : peers) peer->open_mailboxes(when);
    for (auto& [key, peer] : peers) peer->send_offer(when);
  };
  apply(now);
  return shared.durable_request([this, before = std::move(before), undo = std::move(undo), apply](Now later) {
    relays = before;
    shared.journal.put(undo);
    apply(later);
  });
}

Result<RequestId> Node::add_relay(Now now, std::string_view text, std::string token) {
  auto url = relay::parse_relay_url(text);
  if (!url) return url.error();
  if (token.size() > limits::relay_token_bytes) return Error{ErrorCode::invalid_argument, "That token is too long.", "Copy it as the relay's operator gave it."};
  std::vector<roster::OwnRelay> before = core_->relays;
  const DeviceId& id = url->key.id;
  roster::OwnRelay added{before.empty() ? 1 : before.back().order + 1, {relay::to_text(*url), "", std::move(token)}};
  for (roster::OwnRelay& known : core_->relays) {
    auto known_url = relay::parse_relay_url(known.address.url);
    if (!known_url || known_url->key.id != id) continue;
    if (known.address.url == added.address.url && known.address.token == added.address.token) {
      return Error{ErrorCode::state, "This relay is in use already.", "`drawbridge relay list` shows it."};
    }
    // The same relay by another transport, or with another token.
    if (known.address.url != added.address.url) std::swap(known.address.other_url, added.address.url);
    known.address.token = added.address.token;
    core_->shared.journal.put(roster::to_row(known, id));
    core_->shared.audit(now, audit::RecordType::relay_added, nullptr, "", "", known.address.url);
    roster::OwnRelay was = *std::find_if(before.begin(), before.end(), [&](const auto& r) { return r.order == known.order; });
    return core_->change_relays(now, before, roster::to_row(was, id));
  }
  if (before.size() >= limits::own_relays) return Error{ErrorCode::limit, "No more relays can be named.", "Remove one with `drawbridge relay remove`."};
  core_->shared.journal.put(roster::to_row(added, id));
  core_->shared.audit(now, audit::RecordType::relay_added, nullptr, "", "", added.address.url);
  core_->relays.push_back(std::move(added));
  return core_->change_relays(now, std::move(before), roster::deleted(RowKind::relay, to_bytes(id.bytes)));
}

Result<RequestId> Node::remove_relay(Now now, std::string_view text) {
  std::vector<roster::OwnRelay> before = core_->relays;
  auto found = std::find_if(core_->relays.begin(), core_->relays.end(),
                            [&](const auto& r) { return r.address.url == text || r.address.other_url == text; });
  auto url = found == core_->relays.end() ? Result<relay::RelayUrl>(Error{}) : relay::parse_relay_url(found->address.url);
  if (!url) return Error{ErrorCode::not_found, "There is no such relay.", "`drawbridge relay list` shows them."};
  roster::OwnRelay removed = std::move(*found);
  core_->relays.erase(found);
  core_->shared.journal.put(roster::deleted(RowKind::relay, to_bytes(url->key.id.bytes)));
  core_->shared.audit(now, audit::RecordType::relay_removed, nullptr, "", "", removed.address.url);
  return core_->change_relays(now, std::move(before), roster::to_row(removed, url->key.id));
}

std::vector<relay::RelayAddress> Node::own_relays() const { return core_->shared.own_relays; }
std::vector<relay::RelayStatus> Node::relays() const { return core_->shared.relays.statuses(); }

void Node::ask_relays(Now now) {
  relay::RelayTable& table = core_->shared.relays;
  table.ask(now.boot);
  if (core_->askers++ > 0) return;
  std::vector<relay::RelayStatus> used = table.statuses();
  for (const relay::RelayAddress& relay : core_->shared.own_relays) {
    auto same = [&](const relay::RelayStatus& status) { return status.address.url == relay.url; };
    if (std::any_of(used.begin(), used.end(), same)) continue;
    auto mailbox = table.open(now.boot, relay, core_->shared.entropy.secret32(), relay::End::office);
    if (mailbox) core_->asking.push_back(*mailbox);
  }
  core_->follow_relays(now);
}

void Node::end_asking() {
  if (--core_->askers > 0) return;
  for (const SocketAddress& mailbox : core_->asking) core_->shared.relays.close(mailbox);
  core_->asking.clear();
}

std::string Node::phone_page() const {
  if (!core_->shared.config.phone_page.empty()) return core_->shared.config.phone_page;
  std::vector<relay::RelayStatus> statuses = relays();
  for (const relay::RelayAddress& own : core_->shared.own_relays) {
    for (const relay::RelayStatus& status : statuses) {
      bool same = status.address.url == own.url || (!own.other_url.empty() && status.address.url == own.other_url);
      if (same && !status.phone_page.empty()) return status.phone_page;
    }
  }
  return {};
}

NetworkStatus Node::network() const {
  const drawbridge::Core& shared = core_->shared;
  NetworkStatus status{shared.nat_behaviour(), {}, shared.relays.udp_passes(), shared.binding.keepalive()};
  for (const relay::RelayStatus& relay : shared.relays.statuses()) {
    for (const auto& seen : relay.observations) status.reflexive.push_back({seen.reflexive, relay.address.url, seen.far_end});
  }
  for (const auto& [key, peer] : core_->peers) {
    // A direct path within one's own network shows nothing of what gets out of it.
    const traversal::CandidatePair* used = peer->history().in_use();
    bool outside = used && traversal::kind_of(used->path.remote) == traversal::CandidateKind::outside;
    if (peer->direct() && outside) status.udp_passes = true;
  }
  return status;
}

// What relays have said: to those whose mailboxes they are.
void Node::Core::follow_relays(Now now) {
  while (auto wanted = shared.relays.poll_wanted()) shared.emit(event::RelayWanted{wanted->number, wanted->url, wanted->beside});
  while (auto news = shared.relays.poll_news()) {
    for (auto& [key, peer] : peers) peer->handle_relay_news(now, *news);
    for (auto& [id, joining] : joinings) joining->handle_relay_news(now, *news);
    for (auto& [id, taker] : code_takers) taker->handle_relay_news(now, *news);
  }
  while (auto observed = shared.relays.poll_observed()) {
    for (auto& [key, peer] : peers) peer->handle_observed(now, *observed);
  }
  while (auto located = shared.relays.poll_located()) {
    for (auto& [key, peer] : peers) peer->handle_located(now, *located);
  }
  while (auto silence = shared.relays.poll_silence()) {
    if (silence->kept) shared.binding.note_kept(now.boot, silence->length);
    else shared.binding.note_lost(now.boot, silence->length);
    shared.relays.keep_alive_within(shared.binding.keepalive());
  }
  auto seen = shared.relays.reflexive_addresses();
  traversal::NatBehaviour nat = shared.nat_behaviour();
  if (seen == reflexive_told && nat == nat_told) return;
  if (!reflexive_news.take(now.boot)) return;  // later, with whatever happens next
  reflexive_told = std::move(seen);
  nat_told = nat;
  for (auto& [key, peer] : peers) peer->tell_addresses(now);
}

void Node::handle_relay_link(Now now, uint16_t number, std::optional<Path> path) {
  core_->shared.relays.handle_link(now.boot, number, path);
}

void Node::handle_relay_beside(Now now, uint16_t number, bool ready) {
  core_->shared.relays.handle_beside(now.boot, number, ready);
}

}  // namespace drawbridge
