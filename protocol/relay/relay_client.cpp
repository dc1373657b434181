#include "protocol/relay/relay_client.hpp"

#include <cassert>

#include "protocol/relay/mailbox_key.hpp"

namespace drawbridge::relay {
namespace {

uint64_t instance_of(const Secret32& secret, const MailboxId& mailbox) {
  return siphash24(secret.reveal().first<16>(), mailbox.bytes);
}

}  // namespace

RelayClient::RelayClient(RelayClientConfig config, Entropy& entropy)
    : config_(std::move(config)),
      entropy_(entropy),
      knock_(config_.relay.id, config_.access),
      instance_secret_(entropy.secret32()) {}

void RelayClient::connect(Instant now, const Path& path) {
  path_ = path;
  connected_ = true;
  connected_at_ = now;
  silence_.reset();
  next_.reset();
  greetings_ = 0;
  greet(now, true);
}

void RelayClient::disconnect() {
  connected_ = false;
  next_.reset();
  for (Timer timer : {Timer::greet, Timer::ping, Timer::items}) timers_.stop(timer);
  hello_due_ = open_due_ = ping_due_ = seen_due_ = false;
  lose();
}

void RelayClient::shut_down() {
  bye_due_ = current_ && connected_;
  if (!bye_due_) connected_ = false;
}

std::optional<uint8_t> RelayClient::open_mailbox(const Secret32& secret, End end) {
  size_t channel = 0;
  while (channel < mailboxes_.size() && (mailboxes_[channel].wanted || is_open(mailboxes_[channel].state.status))) ++channel;
  if (channel >= limits::relay_channels) return std::nullopt;
  if (channel == mailboxes_.size()) mailboxes_.emplace_back();
  Mailbox& mailbox = mailboxes_[channel] = {};
  mailbox.wanted = true;
  mailbox.key = mailbox_key(secret, config_.relay.id);
  mailbox.end = end;
  mailbox.instance = instance_of(instance_secret_, mailbox.key.id);
  mailbox.number = ++number_;
  return static_cast<uint8_t>(channel);
}

void RelayClient::close_mailbox(uint8_t channel) {
  if (channel >= mailboxes_.size() || !mailboxes_[channel].wanted) return;
  Mailbox& mailbox = mailboxes_[channel];
  mailbox.wanted = mailbox.asked = false;
  mailbox.key = {};
  mailbox.again = far_future;
}

void RelayClient::reopen_mailbox(uint8_t channel) {
  if (channel >= mailboxes_.size() || !mailboxes_[channel].wanted || is_open(mailboxes_[channel].state.status)) return;
  Mailbox& mailbox = mailboxes_[channel];
  mailbox.number = ++number_;
  mailbox.asked = false;
  mailbox.again = far_future;
  mailbox.wait = {};
  mailbox.state = {};
}

// A session whose OPEN has left is the relay's newest; until then the present one serves.
const RelayClient::Session* RelayClient::sending() const {
  if (opening()) return &*next_;
  return current_ ? &*current_ : nullptr;
}

RelayClient::Session* RelayClient::sending() {
  return const_cast<Session*>(std::as_const(*this).sending());
}

bool RelayClient::can_send(uint8_t channel) const {
  return connected_ && sending() && channel < mailboxes_.size() && mailboxes_[channel].wanted;
}

void RelayClient::write_header(uint8_t channel, MutableBytes datagram) const {
  assert(can_send(channel) && datagram.size() >= header_size);
  write_data_header(datagram, sending()->keys.mark, channel);
}

// The first packet after a silence: what comes back tells whether the routers on the way have kept our binding.
void RelayClient::note_silence(Instant now) {
  Duration quiet = now - std::max({last_sent_, last_heard_, connected_at_});  // what was silent elsewhere says nothing here
  if (ready() && quiet >= limits::keepalive_shortest) silence_ = quiet;
}

void RelayClient::judge_silence(bool kept) {
  if (auto length = std::exchange(silence_, std::nullopt)) tell(relay_event::SilenceBroken{*length, kept});
}

void RelayClient::note_sent(Instant now) {
  note_silence(now);
  last_sent_ = now;
  if (unanswered_since_ != far_future) return;
  unanswered_since_ = now;
  if (ready() && pings_ == 0) timers_.set_earlier(Timer::ping, ping_deadline());
}

Status RelayClient::status(uint8_t channel) const {
  if (channel >= mailboxes_.size() || !mailboxes_[channel].wanted) return Status::none;
  return plain(mailboxes_[channel].state.status);
}

std::optional<RelayEvent> RelayClient::poll_event() {
  if (events_.empty()) return std::nullopt;
  RelayEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

void RelayClient::tell(RelayEvent event) {
  if (events_.size() < limits::relay_events) events_.push_back(std::move(event));
}

// --- what leaves ------------------------------------------------------------------------------------------------------

bool RelayClient::is_due(const Mailbox& mailbox) const {
  if (mailbox.asked) return false;
  if (!mailbox.wanted) return is_open(mailbox.state.status);
  return mailbox.state.status == 0 && mailbox.again == far_future;
}

bool RelayClient::items_due() const {
  for (const Mailbox& mailbox : mailboxes_) {
    if (is_due(mailbox)) return true;
  }
  return false;
}

std::vector<Item> RelayClient::take_items(Instant now, const Session& session) {
  std::vector<Item> items;
  for (size_t i = 0; i < mailboxes_.size() && items.size() < limits::relay_items; ++i) {
    Mailbox& mailbox = mailboxes_[i];
    if (!is_due(mailbox)) continue;
    mailbox.asked = true;
    Item item{static_cast<uint8_t>(i), mailbox.wanted ? mailbox.end : End::none};
    item.instance = mailbox.instance;
    item.number = mailbox.number;
    if (mailbox.wanted) prove(item, mailbox.key, config_.relay.id, session.keys.binding);
    items.push_back(item);
  }
  if (!items.empty()) timers_.set(Timer::items, now + std::max(limits::relay_state_retry, 2 * round_trip_.value_or(0ns)));
  return items;
}

Bytes RelayClient::write_hello(Instant now, Session& session) {
  bool repeated = session.greeted != Instant{} && now - session.greeted < limits::relay_greet_first;
  if (!repeated) session.greeted = now;  // so soon again, the answer is to the first
  Hello hello{session.transaction, {}, version, session.ephemeral};
  hello.knock = knock_.knock(knocked_part(hello));
  return encode(hello);
}

// Its ephemeral key is nobody's: 32 bytes that look like any other HELLO's.
Bytes RelayClient::write_question(Mark transaction, bool elsewhere) {
  Hello hello{transaction, {}, version, {}, elsewhere};
  entropy_.fill(hello.ephemeral);
  hello.knock = knock_.knock(knocked_part(hello));
  return encode(hello);
}

Bytes RelayClient::write_open(Instant now, Session& session) {
  session.open_sent = true;
  for (Mailbox& mailbox : mailboxes_) {
    mailbox.asked = false;
    mailbox.state = {};
  }
  ControlBody body{ControlKind::items, 0, static_cast<uint16_t>(config_.keepalive / 1s), {}, take_items(now, session)};
  OpenHeader header{session.keys.mark, ++session.counter, *session.cookie, session.ephemeral};
  return seal_body(encode(header), header.counter, encode(body), session.keys.to_relay);
}

Bytes RelayClient::write_control(Session& session, ControlKind kind, std::vector<Item> items, std::optional<Cookie> cookie) {
  ControlBody body{kind, session.number, static_cast<uint16_t>(config_.keepalive / 1s), cookie, std::move(items)};
  ControlHeader header{session.keys.mark, ++session.counter};
  header.knock = knock_.knock(knocked_part(header));
  return seal_body(encode(header), header.counter, encode(body), session.keys.to_relay);
}

size_t RelayClient::emit(Instant now, const Bytes& datagram, MutableBytes buffer) {
  assert(datagram.size() <= buffer.size());
  std::copy(datagram.begin(), datagram.end(), buffer.begin());
  note_silence(now);
  last_sent_ = now;
  return datagram.size();
}

size_t RelayClient::poll_transmit(Instant now, MutableBytes buffer) {
  if (!connected_) return 0;
  if (std::exchange(hello_due_, false) && next_) return emit(now, write_hello(now, *next_), buffer);
  if (std::exchange(open_due_, false) && next_ && next_->cookie) return emit(now, write_open(now, *next_), buffer);
  if (current_) {
    if (bye_due_) {
      bye_due_ = connected_ = false;
      return emit(now, write_control(*current_, ControlKind::bye), buffer);
    }
    if (move_due_) {
      auto cookie = std::exchange(move_due_, std::nullopt);
      return emit(now, write_control(*current_, ControlKind::move, {}, cookie), buffer);
    }
    if (locate_due_) {
      Item item{*std::exchange(locate_due_, std::nullopt)};
      return emit(now, write_control(*current_, ControlKind::locate, {item}), buffer);
    }
    if (std::exchange(ping_due_, false)) {
      seen_due_ = false;
      Bytes datagram = write_control(*current_, ControlKind::ping);
      pinged_.emplace(current_->counter, now);
      return emit(now, datagram, buffer);
    }
    if (std::exchange(seen_due_, false)) return emit(now, write_control(*current_, ControlKind::seen), buffer);
  }
  Session* session = sending();
  if (session && (opening() || !lost_) && items_due()) {
    note_sent(now);
    return emit(now, write_control(*session, ControlKind::items, take_items(now, *session)), buffer);
  }
  return 0;
}

}  // namespace drawbridge::relay
