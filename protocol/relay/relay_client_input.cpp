// What comes to a RelayClient: the relay's messages and the clock.
#include "protocol/relay/relay_client.hpp"

namespace drawbridge::relay {
namespace {

constexpr Duration first_word_after_drain = 1s;
constexpr Duration unanswered_patience = 1s;  // payload leaves and nothing comes: ask
// HELLO and OPEN each leave once more so soon: everything else waits for them, and one packet may be lost.
constexpr Duration first_repetition = 50ms;
constexpr uint64_t recent_counters = 8;       // of ours, one of which a true GONE repeats

}  // namespace

// --- sessions ---------------------------------------------------------------------------------------------------------

void RelayClient::begin_session() {
  Session session;
  session.secret = entropy_.secret32();
  session.ephemeral = exchange_public_from(session.secret);
  session.transaction = entropy_.u64();
  auto keys = agree(session.secret, config_.relay.exchange, config_.relay.id, session.ephemeral, config_.access);
  if (!keys) return;  // the relay's key is no key: relay_key_of refuses those
  session.keys = std::move(*keys);
  next_ = std::move(session);
  ++number_;
  for (Mailbox& mailbox : mailboxes_) mailbox.number = number_;
}

void RelayClient::greet(Instant now, bool forced) {
  forced_ = forced_ || forced;
  if (next_) return;
  begin_session();
  hello_due_ = next_.has_value();
  timers_.set(Timer::greet, now + greet_wait());
}

// Neither HELLO nor OPEN has brought an answer yet.
void RelayClient::greet_again(Instant now) {
  if (!next_) begin_session();
  if (!next_) return;
  ++greetings_;
  bool fresh = next_->cookie && now - next_->challenged < limits::relay_cookie_life / 2;
  (fresh ? open_due_ : hello_due_) = true;
  timers_.set(Timer::greet, now + std::max(greet_wait(), fresh ? 2 * round_trip_.value_or(0ns) : 0ns));
}

Duration RelayClient::jitter(Duration longest) {
  return Duration(static_cast<int64_t>(entropy_.u64() % static_cast<uint64_t>(longest.count())));
}

Duration RelayClient::greet_wait() {
  if (greetings_ == 0) return first_repetition;
  bool mains = config_.keepalive <= limits::relay_keepalive_office;
  Duration wait = limits::relay_greet_first * (1 << std::min(greetings_ - 1, 8));
  if (mains) return std::min(wait, limits::relay_greet_longest_office);
  return wait < limits::relay_greet_longest_device ? wait : limits::relay_greet_longest_device + jitter(limits::relay_greet_longest_device);
}

void RelayClient::lose() {
  if (!current_ || std::exchange(lost_, true)) return;
  tell(relay_event::Lost{});
}

// --- datagrams --------------------------------------------------------------------------------------------------------

bool RelayClient::recognises(ByteView datagram) const {
  if (!message_of(datagram)) return false;
  Mark mark = mark_of(datagram);
  return is_session(mark) || (next_ && mark == next_->transaction);
}

bool RelayClient::is_session(Mark mark) const {
  return (current_ && mark == current_->keys.mark) || (next_ && mark == next_->keys.mark);
}

RelayClient::Received RelayClient::handle_datagram(Instant now, ByteView datagram) {
  if (!connected_ || !recognises(datagram)) return {};
  Received received{true, {}, {}};
  switch (static_cast<Message>(datagram[0])) {
    case Message::data: {
      uint8_t channel = datagram[header_size - 1];
      if (!is_session(mark_of(datagram)) || channel >= mailboxes_.size() || !mailboxes_[channel].wanted) break;
      heard(now);
      judge_silence(true);
      received.channel = channel;
      received.payload = datagram.subspan(header_size);
      break;
    }
    case Message::challenge: handle_challenge(now, datagram); break;
    case Message::state: handle_state(now, datagram); break;
    case Message::gone: handle_gone(now, datagram); break;
    default: break;
  }
  return received;
}

void RelayClient::heard(Instant now) {
  last_heard_ = now;
  unanswered_since_ = far_future;
  // Somebody still reaches us by a relay that we had given up.
  if (lost_ && forgotten_.take(now)) timers_.set_earlier(Timer::greet, now);
}

void RelayClient::handle_challenge(Instant now, ByteView datagram) {
  auto challenge = parse_challenge(datagram);
  if (!challenge || challenge->version != version || !knock_.matches(knocked_part(*challenge), challenge->tag)) return;
  if (next_ && challenge->mark == next_->transaction) {
    if (next_->open_sent && next_->cookie && now - next_->challenged < limits::relay_state_retry) return;  // a copy
    if (!next_->cookie) note_round_trip(now, next_->greeted);
    next_->cookie = challenge->cookie;
    next_->challenged = now;
    open_due_ = true;
    greetings_ = 0;  // the relay is there: soon again if this is lost
    timers_.set(Timer::greet, now + greet_wait());
    if (reflexive_ != challenge->observed) tell(relay_event::ReflexiveAddress{challenge->observed, false});
  } else if (current_ && challenge->mark == current_->keys.mark && moves_.take(now)) {
    move_due_ = challenge->cookie;
  }
}

void RelayClient::handle_gone(Instant now, ByteView datagram) {
  auto gone = parse_gone(datagram);
  if (!gone || !current_ || gone->mark != current_->keys.mark) return;
  if (gone->counter > current_->counter || gone->counter + recent_counters < current_->counter) return;
  if (!forgotten_.take(now)) return;
  greetings_ = 0;
  greet(now, true);
}

void RelayClient::handle_state(Instant now, ByteView datagram) {
  auto header = parse_state(datagram);
  if (!header) return;
  bool newer = next_ && header->mark == next_->keys.mark;
  if (!newer && !(current_ && header->mark == current_->keys.mark)) return;
  Session& session = newer ? *next_ : *current_;
  if (header->counter <= session.last_state) return;
  auto bytes = open_body(datagram, state_header_size, header->counter, session.keys.to_client);
  auto body = bytes ? parse_state_body(*bytes) : std::nullopt;
  if (!body) return;
  session.last_state = header->counter;
  seen_due_ = session.number != body->number;
  session.number = body->number;
  if (pinged_ && pinged_->first == body->answers && !newer) note_round_trip(now, pinged_->second);
  // What the relay says of a session that we are leaving is old.
  bool superseded = !newer && opening();
  if (newer) adopt(now, *body);
  pings_ = 0;
  heard(now);
  timers_.set(Timer::ping, ping_deadline());
  if (!superseded) apply(now, *body);
}

void RelayClient::adopt(Instant, const StateBody& body) {
  current_ = std::move(next_);
  next_.reset();
  timers_.stop(Timer::greet);
  greetings_ = 0;
  forced_ = draining_ = lost_ = false;
  hello_due_ = open_due_ = ping_due_ = false;
  pinged_.reset();
  move_due_.reset();
  tell(relay_event::Ready{round_trip_.value_or(0ns), body.operator_name, body.country, body.other_url, body.observers, body.phone_page});
}

void RelayClient::apply(Instant now, const StateBody& body) {
  judge_silence(!reflexive_ || *reflexive_ == body.observed);
  if (reflexive_ != body.observed) {
    reflexive_ = body.observed;
    tell(relay_event::ReflexiveAddress{body.observed, true});
  }
  bool over = body.flags & flag_address_quota;
  if (std::exchange(address_over_, over) != over) tell(relay_event::AddressQuota{over});
  if (body.located) tell(relay_event::Located{body.located->first, body.located->second});
  for (size_t i = 0; i < mailboxes_.size(); ++i)
    apply_channel(now, static_cast<uint8_t>(i), i < body.channels.size() ? body.channels[i] : ChannelState(), body.retry_s);
  if (body.flags & flag_draining) {
    if (std::exchange(draining_, true)) return;
    tell(relay_event::Draining{});
    if (next_) return;
    begin_session();
    forced_ = true;
    timers_.set(Timer::greet, now + first_word_after_drain + jitter(first_word_after_drain));
  } else if (next_ && !next_->open_sent && !forced_) {
    // It has only been slow.
    next_.reset();
    greetings_ = 0;
    timers_.stop(Timer::greet);
  }
  if (lost_ && !next_) {
    lost_ = false;
    tell(relay_event::Ready{round_trip_.value_or(0ns), {}, {}, {}, {}});
  }
}

void RelayClient::apply_channel(Instant now, uint8_t channel, ChannelState state, uint32_t retry_s) {
  Mailbox& mailbox = mailboxes_[channel];
  if (!mailbox.wanted) {
    mailbox.state = state;
    if (!is_open(state.status)) mailbox.asked = false;
    return;
  }
  // Not answered yet: this state is older than the asking.
  if (state.status == 0 && mailbox.asked && mailbox.state.status == 0) return;
  mailbox.state = state;
  mailbox.asked = false;
  auto refuse = [&](Duration wait) {
    if (mailbox.again == far_future) mailbox.again = now + wait + jitter(wait / 4);
    timers_.set_earlier(Timer::reopen, mailbox.again);
  };
  switch (status(channel)) {
    case Status::waiting:
    case Status::joined: mailbox.again = far_future; break;
    case Status::displaced:
    case Status::contested:
      if (mailbox.again == far_future)
        mailbox.wait = std::clamp<Duration>(2 * mailbox.wait, limits::relay_displaced_wait, limits::relay_displaced_longest);
      refuse(mailbox.wait);
      break;
    case Status::full: refuse(std::max<Duration>(std::chrono::seconds(std::min<uint32_t>(retry_s, 3600)), 1s)); break;
    case Status::stale: refuse(1s); break;
    default: break;
  }
  show(channel);
}

void RelayClient::show(uint8_t channel) {
  Mailbox& mailbox = mailboxes_[channel];
  if (mailbox.shown == mailbox.state) return;
  bool renewed = is_open(mailbox.shown.status) && mailbox.shown.openings != mailbox.state.openings;
  mailbox.shown = mailbox.state;
  tell(relay_event::MailboxChanged{channel, status(channel), renewed, (mailbox.state.status & over_quota_bit) != 0});
}

// --- the clock --------------------------------------------------------------------------------------------------------

Instant RelayClient::ping_deadline() const {
  Instant due = std::min(last_sent_, last_heard_) + config_.keepalive + company();
  return unanswered_since_ == far_future ? due : std::min(due, unanswered_since_ + unanswered_patience);
}

// On a battery a keepalive waits a moment for another one that may take it along.
Duration RelayClient::company() const {
  bool mains = config_.keepalive <= limits::relay_keepalive_office;
  return mains ? Duration::zero() : config_.keepalive / limits::keepalive_company;
}

void RelayClient::keep_alive_along(Instant now) {
  if (company() == Duration::zero() || pings_ > 0 || unanswered_since_ != far_future) return;
  if (ping_deadline() - now <= config_.keepalive / limits::keepalive_nearly_due) ask(now);
}

void RelayClient::keep_alive_within(Duration longest) {
  if (config_.keepalive <= limits::relay_keepalive_office) return;
  config_.keepalive = std::max(longest, limits::relay_keepalive_office + 1s);  // a battery's, not mains'
  if (timers_.armed(Timer::ping) && pings_ == 0) timers_.set_earlier(Timer::ping, ping_deadline());
}

void RelayClient::ping_or_lose(Instant now) {
  if (!ready()) return;
  if (pings_ == 0 && now < ping_deadline()) return timers_.set(Timer::ping, ping_deadline());
  if (pings_ >= limits::relay_pings) {
    pings_ = 0;
    lose();
    return greet(now, true);
  }
  ping_due_ = true;
  if (++pings_ >= 2) {
    silence_.reset();  // an answer to a repetition proves nothing
    greet(now, false);
  }
  timers_.set(Timer::ping, now + limits::relay_ping_retry * (pings_ == 1 ? 1 : 2));
}

void RelayClient::ask(Instant now) {
  if (!connected_ || !ready()) return;
  ping_due_ = true;
  pings_ = std::max(pings_, 1);
  timers_.set(Timer::ping, now + limits::relay_ping_retry);
}

void RelayClient::note_round_trip(Instant now, Instant asked) {
  round_trip_ = now - asked;
  measured_ = now;
}

void RelayClient::ask_again(Instant now) {
  for (Mailbox& mailbox : mailboxes_) {
    if (mailbox.again > now) continue;
    mailbox.again = far_future;
    mailbox.number = ++number_;
    mailbox.state = {};
    mailbox.asked = false;
  }
  for (const Mailbox& mailbox : mailboxes_) timers_.set_earlier(Timer::reopen, mailbox.again);
}

void RelayClient::handle_timeout(Instant now) {
  if (timers_.expired(Timer::greet, now) && connected_) greet_again(now);
  if (timers_.expired(Timer::ping, now) && connected_) ping_or_lose(now);
  if (timers_.expired(Timer::reopen, now)) ask_again(now);
  // While a session is being opened, its OPEN brings them again.
  if (timers_.expired(Timer::items, now) && ready() && !opening()) {
    for (Mailbox& mailbox : mailboxes_) mailbox.asked = false;
  }
}

}  // namespace drawbridge::relay
