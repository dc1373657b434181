#include "protocol/relay/relay_table.hpp"

#include <algorithm>
#include <cassert>

#include "protocol/base/overloaded.hpp"
#include "protocol/traversal/path_history.hpp"
#include "protocol/wire/utf8.hpp"

namespace drawbridge::relay {
namespace {

// 100::/64; the last two bytes are the relay's number, the port is the channel's plus one.
constexpr std::array<uint8_t, 8> discard_prefix{0x01};

SocketAddress mailbox_address(uint16_t number, uint8_t channel) {
  SocketAddress address;
  std::copy(discard_prefix.begin(), discard_prefix.end(), address.ip.begin());
  address.ip[14] = static_cast<uint8_t>(number >> 8);
  address.ip[15] = static_cast<uint8_t>(number);
  address.port = static_cast<uint16_t>(channel + 1);
  return address;
}

// Only a relay inside our own network may send us to others there. Zeros stand for the relay's own address.
std::vector<SocketAddress> usable_observers(std::vector<SocketAddress> observers, const SocketAddress& relay) {
  using traversal::CandidateKind;
  bool inside = traversal::kind_of(relay) != CandidateKind::outside;
  std::erase_if(observers, [&](const SocketAddress& one) {
    if (one.port == 0 || one.is_multicast() || is_made_up(one)) return true;
    return !one.is_unspecified() && !inside && traversal::kind_of(one) != CandidateKind::outside;
  });
  return observers;
}

bool is_country(std::string_view text) {
  return text.size() == 2 && std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

bool is_udp(std::string_view url) {
  return url.starts_with("udp:");
}

// UDP where it passes: only it leads to direct paths.
size_t first_choice(const std::vector<std::string>& urls) {
  auto udp = std::find_if(urls.begin(), urls.end(), is_udp);
  return udp == urls.end() ? 0 : static_cast<size_t>(udp - urls.begin());
}

bool is_relayed(const SocketAddress& address) {
  return std::equal(discard_prefix.begin(), discard_prefix.end(), address.ip.begin());
}

bool is_made_up(const SocketAddress& address) {
  return std::equal(discard_prefix.begin(), discard_prefix.end() - 1, address.ip.begin()) && address.ip[7] <= 1;
}

RelayTable::Place RelayTable::place_of(const SocketAddress& mailbox) const {
  if (!is_relayed(mailbox) || mailbox.port == 0) return {};
  auto found = lines_.find(static_cast<uint16_t>(mailbox.ip[14] << 8 | mailbox.ip[15]));
  if (found == lines_.end()) return {};
  auto channel = static_cast<uint8_t>(mailbox.port - 1);
  return found->second->channels.contains(channel) ? Place{found->second.get(), channel} : Place{};
}

uint16_t RelayTable::number_of(const Line& line) const {
  auto found = std::find_if(lines_.begin(), lines_.end(), [&](const auto& entry) { return entry.second.get() == &line; });
  assert(found != lines_.end());
  return found->first;
}

RelayTable::Line* RelayTable::line_for(const RelayAddress& relay, End end) {
  auto url = parse_relay_url(relay.url);
  if (!url) return nullptr;
  for (auto& [number, line] : lines_) {
    if (line->client.id() == url->key.id && !line->leaving) return line.get();
  }
  std::vector<std::string> urls = {relay.url};
  if (!relay.other_url.empty()) urls.push_back(relay.other_url);
  if (!udp_) std::erase_if(urls, is_udp);
  if (urls.empty() || lines_.size() >= limits::relays) return nullptr;
  RelayClientConfig config{url->key, access_of(relay.token),
                           end == End::office ? limits::relay_keepalive_office : keepalive_};
  auto line = std::make_unique<Line>(std::move(config), entropy_);
  line->status.address = relay;
  line->urls = std::move(urls);
  line->url = first_choice(line->urls);
  line->longest_pause = end == End::office ? limits::relay_pause_office : limits::relay_pause_device;
  do ++last_number_;
  while (last_number_ == 0 || lines_.contains(last_number_));
  return (lines_[last_number_] = std::move(line)).get();
}

void RelayTable::keep_alive_along(Instant now) {
  for (auto& [number, line] : lines_) line->client.keep_alive_along(now);
}

void RelayTable::keep_alive_within(Duration longest) {
  keepalive_ = longest;
  for (auto& [number, line] : lines_) line->client.keep_alive_within(longest);
}

std::optional<SocketAddress> RelayTable::open(Instant now, const RelayAddress& relay, const Secret32& secret, End end) {
  Line* line = line_for(relay, end);
  auto channel = line ? line->client.open_mailbox(secret, end) : std::nullopt;
  if (!channel) return std::nullopt;
  if (line->channels.empty()) start_anew(now, *line);
  line->channels[*channel] = false;
  after_input(*line);
  return mailbox_address(number_of(*line), *channel);
}

void RelayTable::close(const SocketAddress& mailbox) {
  Place place = place_of(mailbox);
  if (!place.line) return;
  place.line->client.close_mailbox(place.channel);
  place.line->channels.erase(place.channel);
  place.line->over_quota.erase(place.channel);
  if (!place.line->channels.empty()) return;
  place.line->leaving = true;
  place.line->client.shut_down();
}

void RelayTable::want(Instant now, Line& line) {
  line.ask_again = now + limits::relay_ask_again;
  line.ready_by = now + (is_udp(line.urls[line.url]) ? limits::relay_udp_patience : limits::relay_websocket_patience);
  wanted_.push_back({number_of(line), line.urls[line.url]});
  plan_udp_question(now, line);
}

void RelayTable::start_anew(Instant now, Line& line) {
  line.silent_transports = 0;
  line.pause = limits::relay_pause_first;
  line.status.silent = false;
  want(now, line);
  begin_race(now, line);
}

void RelayTable::try_other(Instant now, Line& line) {
  if (line.silent_transports % line.urls.size() != 0) {
    if (is_udp(line.urls[line.url])) forget_udp(line);
    line.url = (line.url + 1) % line.urls.size();
    line.racing = false;  // what is ready by now is taken over
    line.race_ends = far_future;
    return want(now, line);
  }
  line.ask_again = now + line.pause;
  line.pause = std::min(2 * line.pause, line.longest_pause);
}

void RelayTable::handle_network_change(Instant now, uint64_t network) {
  network_ = network;
  for (auto& [number, line] : lines_) {
    if (line->leaving) continue;
    if (line->client.path() != Path{}) line->client.connect(now, line->client.path());
    line->url = first_choice(line->urls);  // this network may let out what the last one did not
    start_anew(now, *line);
    after_input(*line);
  }
}

void RelayTable::handle_link(Instant now, uint16_t number, std::optional<Path> path) {
  auto found = lines_.find(number);
  if (found == lines_.end() || found->second->leaving) return;
  Line& line = *found->second;
  if (path && is_udp(line.urls[line.url])) line.udp_address = path->remote;
  if (path) {
    if (line.client.path() != *path || !line.client.ready()) line.client.connect(now, *path);
    line.ask_again = far_future;
  } else {
    // Refused, or broken: known at once, and soon tried again; a relay that restarts is back within a second.
    line.client.disconnect();
    line.ready_by = now;
    line.ask_again = now + line.pause;
    line.pause = std::min(2 * line.pause, line.longest_pause);
  }
  after_input(line);
}

void RelayTable::ask(Instant now) {
  for (auto& [number, line] : lines_) {
    if (line->leaving) continue;
    if (line->client.ready()) {
      line->client.ask(now);
      continue;
    }
    start_anew(now, *line);
  }
}

void RelayTable::shut_down() {
  for (auto& [number, line] : lines_) line->client.shut_down();
}

bool RelayTable::may_send(const SocketAddress& mailbox) const {
  Place place = place_of(mailbox);
  return place.line && place.line->client.can_send(place.channel);
}

void RelayTable::write_header(const SocketAddress& mailbox, MutableBytes datagram) const {
  Place place = place_of(mailbox);
  assert(place.line);
  place.line->client.write_header(place.channel, datagram);
}

Path RelayTable::path_for(Instant now, const SocketAddress& mailbox) {
  Place place = place_of(mailbox);
  assert(place.line);
  place.line->client.note_sent(now);
  return place.line->client.path();
}

RelayTable::Received RelayTable::handle_datagram(Instant now, const Path& path, ByteView datagram) {
  if (handle_observation(now, path, datagram)) return {true, std::nullopt, {}};
  for (auto& [number, line] : lines_) {
    if (path.remote != line->client.path().remote || !line->client.recognises(datagram)) continue;
    RelayClient::Received received = line->client.handle_datagram(now, datagram);
    if (!received.ours) continue;
    if (!line->udp_noted) note_udp(now, *line);
    after_input(*line);
    bool known = received.channel && line->channels.contains(*received.channel);
    if (!known) return {true, std::nullopt, {}};
    return {true, mailbox_address(number, *received.channel), received.payload};
  }
  return {};
}

// What the client says, told on; and whose packets may leave since then.
void RelayTable::after_input(Line& line) {
  while (auto event = line.client.poll_event()) note(line, *event);
  for (auto& [channel, told] : line.channels) {
    bool may_send = line.client.can_send(channel);
    if (may_send == std::exchange(told, may_send) || !may_send) continue;
    news_.push_back({mailbox_address(number_of(line), channel), true, line.client.status(channel) == Status::joined, false});
  }
}

void RelayTable::note(Line& line, const RelayEvent& event) {
  RelayStatus& status = line.status;
  std::visit(Overloaded{
                 [&](const relay_event::Ready& e) {
                   status.ready = true;
                   status.silent = false;
                   line.silent_transports = 0;
                   line.pause = limits::relay_pause_first;
                   status.draining = false;
                   // People read both, on a terminal and in the audit trail.
                   status.operator_name = is_plain_text(e.operator_name) ? e.operator_name : "";
                   status.country = is_country(e.country) ? e.country : "";
                   status.round_trip = e.round_trip;
                   if (!e.phone_page.empty()) status.phone_page = e.phone_page;
                   if (!e.observers.empty()) line.observers = usable_observers(e.observers, line.client.path().remote);
                   line.observe_due = true;
                   // Perhaps from another network: whoever has a mailbox here asks at once whether it carries.
                   for (auto& [channel, told] : line.channels) {
                     told = line.client.can_send(channel);
                     if (told) news_.push_back({mailbox_address(number_of(line), channel), true, line.client.status(channel) == Status::joined, false});
                   }
                   bool fresh = !e.other_url.empty() && (udp_ || !is_udp(e.other_url)) && std::find(line.urls.begin(), line.urls.end(), e.other_url) == line.urls.end();
                   auto url = fresh ? parse_relay_url(e.other_url) : Result<RelayUrl>(Error{});
                   if (url && url->key.id == line.client.id() && line.urls.size() < 2) {
                     line.urls.push_back(e.other_url);
                     status.address.other_url = e.other_url;
                   }
                 },
                 [&](const relay_event::Lost&) {
                   status.ready = false;
                   line.ask_again = Instant{};
                   for (auto& [channel, told] : line.channels) {
                     if (std::exchange(told, false)) news_.push_back({mailbox_address(number_of(line), channel), false, false, false});
                   }
                 },
                 [&](const relay_event::Draining&) { status.draining = true; },
                 [&](const relay_event::ReflexiveAddress& e) { note_reflexive(line, e.address); },
                 [&](const relay_event::MailboxChanged& e) {
                   if (!line.channels.contains(e.channel)) return;
                   bool may_send = line.client.can_send(e.channel);
                   if (e.over_quota) line.over_quota.insert(e.channel);
                   else line.over_quota.erase(e.channel);
                   line.channels[e.channel] = may_send;
                   news_.push_back({mailbox_address(number_of(line), e.channel), may_send, e.status == Status::joined, e.renewed});
                 },
                 [&](const relay_event::Located& e) {
                   if (line.channels.contains(e.channel)) located_.push_back({mailbox_address(number_of(line), e.channel), e.address});
                 },
                 [&](const relay_event::SilenceBroken& e) { note_silence(line, e); },
                 [&](const relay_event::AddressQuota& e) { status.over_quota = e.over; },
             },
             event);
}

// By WebSocket a relay sees an address of TCP's.
// That a binding was kept is believed only where it would have been seen if not.
void RelayTable::note_silence(Line& line, const Silence& silence) {
  if (!is_udp(line.urls[line.url])) return;
  line.shows_lost_bindings |= !silence.kept;
  if (line.shows_lost_bindings && silences_.size() < limits::relay_events) silences_.push_back(silence);
}

void RelayTable::note_reflexive(Line& line, const SocketAddress& address) {
  // What it invents is one more address to try at most; what no peer would take is none.
  if (address.port == 0 || address.is_unspecified() || address.is_multicast() || is_made_up(address)) return;
  bool udp = is_udp(line.urls[line.url]);
  line.status.reflexive = udp ? std::optional(address) : std::nullopt;
  line.status.observations.clear();
  line.observe_due = true;
  if (udp) line.status.observations.push_back({line.client.path().remote, address});
}

RelayTable::Outgoing RelayTable::poll_transmit(Instant now, MutableBytes buffer) {
  for (auto entry = lines_.begin(); entry != lines_.end();) {
    Line& line = *entry->second;
    size_t length = line.client.poll_transmit(now, buffer);
    if (length > 0) {
      after_input(line);  // once the opening has left, payload may follow
      return {line.client.path(), length};
    }
    if (Outgoing question = poll_rounds(now, line, buffer); question.length > 0) return question;
    if (Outgoing question = poll_udp_question(now, line, buffer); question.length > 0) return question;
    if (line.leaving) wanted_.push_back({entry->first, ""});
    entry = line.leaving ? lines_.erase(entry) : std::next(entry);
  }
  return {};
}

std::optional<RelayWanted> RelayTable::poll_wanted() {
  if (wanted_.empty()) return std::nullopt;
  RelayWanted wanted = std::move(wanted_.front());
  wanted_.pop_front();
  return wanted;
}

std::optional<RelayNews> RelayTable::poll_news() {
  if (news_.empty()) return std::nullopt;
  RelayNews news = news_.front();
  news_.pop_front();
  return news;
}

void RelayTable::handle_timeout(Instant now) {
  for (auto& [number, line] : lines_) {
    if (line->leaving) continue;
    if (line->client.next_timeout() <= now) line->client.handle_timeout(now);
    after_input(*line);
    if (now >= line->udp_again) ask_by_udp(now, *line);
    if (now >= line->race_ends) decide_race(now, *line);
    bool silent = !line->client.ready() && now >= line->ready_by && !line->channels.empty();
    if (silent) line->ready_by = far_future;
    if (silent && ++line->silent_transports >= line->urls.size()) line->status.silent = true;
    if (silent && line->urls.size() > 1) {
      try_other(now, *line);
    } else if (now >= line->ask_again) {
      if (line->status.silent) line->url = first_choice(line->urls);
      want(now, *line);
    }
  }
}

Instant RelayTable::next_timeout() const {
  Instant next = far_future;
  for (const auto& [number, line] : lines_) {
    if (line->leaving) continue;
    next = std::min({next, line->client.next_timeout(), line->ask_again, line->udp_again, line->race_ends});
    if (line->udp_question) next = std::min(next, line->udp_question->next_timeout());
    for (const ObservationRound& round : line->rounds) next = std::min(next, round.next_timeout());
    if (!line->client.ready() && !line->channels.empty()) next = std::min(next, line->ready_by);
  }
  return next;
}

std::vector<RelayStatus> RelayTable::statuses() const {
  std::vector<RelayStatus> list;
  for (const auto& [number, line] : lines_) {
    list.push_back(line->status);
    list.back().by_udp = is_udp(line->urls[line->url]);
    if (line->client.round_trip()) list.back().round_trip = line->client.round_trip();
    list.back().measured = line->client.measured();
  }
  return list;
}

const RelayStatus* RelayTable::status_of(const SocketAddress& mailbox) const {
  Place place = place_of(mailbox);
  return place.line ? &place.line->status : nullptr;
}

bool RelayTable::is_joined(const SocketAddress& mailbox) const {
  Place place = place_of(mailbox);
  return place.line && place.line->client.status(place.channel) == Status::joined;
}

bool RelayTable::is_over_quota(const SocketAddress& mailbox) const {
  Place place = place_of(mailbox);
  return place.line && (place.line->status.over_quota || place.line->over_quota.contains(place.channel));
}

std::vector<SocketAddress> RelayTable::reflexive_addresses() const {
  std::vector<SocketAddress> addresses;
  for (const auto& [number, line] : lines_) {
    const auto& seen = line->status.reflexive;
    if (seen && std::find(addresses.begin(), addresses.end(), *seen) == addresses.end()) addresses.push_back(*seen);
  }
  return addresses;
}

std::optional<SocketAddress> RelayTable::reflexive_address() const {
  std::vector<SocketAddress> all = reflexive_addresses();
  auto v4 = std::find_if(all.begin(), all.end(), [](const SocketAddress& address) { return address.is_v4(); });
  if (v4 != all.end()) return *v4;
  return all.empty() ? std::nullopt : std::optional(all[0]);
}

}  // namespace drawbridge::relay
