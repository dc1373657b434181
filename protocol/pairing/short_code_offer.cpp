#include "protocol/pairing/short_code_offer.hpp"

#include <algorithm>

#include "protocol/base/limits.hpp"

namespace drawbridge::pairing {

using namespace short_code_message;

Result<ShortCodeOffer> ShortCodeOffer::create(const ShortCode& code, std::string_view link, Instant expires, Entropy& entropy) {
  if (link.size() > limits::short_code_link_bytes) {
    return Error{ErrorCode::limit, "This invitation is too long for a short code.",
                 "Remove a relay or an address, or use the link."};
  }
  return ShortCodeOffer(code, link, expires, entropy);
}

ShortCodeOffer::ShortCodeOffer(const ShortCode& code, std::string_view link, Instant expires, Entropy& entropy)
    : code_(code),
      link_(as_bytes(link)),
      expires_(expires),
      entropy_(&entropy),
      tries_left_(limits::short_code_tries),
      hellos_(limits::short_code_hellos_per_second, limits::short_code_hellos_burst) {}

void ShortCodeOffer::handle_datagram(Instant now, ByteView datagram) {
  handle_timeout(now);
  auto message = parse(datagram);
  if (!message) return;
  if (const auto* hello = std::get_if<Hello>(&*message)) handle(now, *hello);
  if (const auto* confirm = std::get_if<Confirm>(&*message)) handle(*confirm);
}

void ShortCodeOffer::handle(Instant now, const Hello& hello) {
  if (Exchange* exchange = find(hello.sid)) {
    // Repeated because our answer was lost; another share under the same name is nobody's honest message.
    if (equal(exchange->theirs, hello.share)) send(Share{exchange->sid, exchange->ours});
    return;
  }
  if (!hellos_.take(now)) return;
  if (hello.version != version) return send(Refused{hello.sid, Refusal::version, 0});
  if (over()) {
    queue(refusal(hello.sid));
    return;
  }
  begin(hello);
}

void ShortCodeOffer::begin(const Hello& hello) {
  cpace::Ephemeral ours = cpace::draw_ephemeral(short_code_generator(code_, hello.sid), *entropy_);
  auto point = cpace::common_point(ours.scalar, hello.share);
  if (!point) return;
  if (exchanges_.size() == limits::short_code_exchanges) exchanges_.pop_front();
  exchanges_.push_back({hello.sid, hello.share, ours.share, short_code_keys(hello.sid, *point, hello.share, ours.share), {}});
  send(Share{hello.sid, ours.share});
}

void ShortCodeOffer::handle(const Confirm& confirm) {
  Exchange* exchange = find(confirm.sid);
  if (!exchange) return;
  if (exchange->answer.empty()) {
    if (over())
      exchange->answer = refusal(exchange->sid);
    else if (equal_constant_time(exchange->keys.confirmation, confirm.tag))
      give(*exchange);
    else
      count_wrong(*exchange);
  }
  queue(exchange->answer);
}

void ShortCodeOffer::give(Exchange& exchange) {
  state_ = State::given;
  exchange.answer = encode(Link{exchange.sid, seal_link(link_.reveal(), exchange.keys)});
  link_ = SecretBytes();
  events_.push_back(short_code_event::LinkGiven{});
}

void ShortCodeOffer::count_wrong(Exchange& exchange) {
  if (--tries_left_ == 0) state_ = State::dead;
  exchange.answer = encode(Refused{exchange.sid, Refusal::wrong, static_cast<uint8_t>(tries_left_)});
  events_.push_back(short_code_event::WrongWords{tries_left_});
}

Bytes ShortCodeOffer::refusal(const cpace::SessionId& sid) const {
  Refusal why = state_ == State::dead ? Refusal::dead : state_ == State::given ? Refusal::used : Refusal::expired;
  return encode(Refused{sid, why, 0});
}

ShortCodeOffer::Exchange* ShortCodeOffer::find(const cpace::SessionId& sid) {
  auto found = std::ranges::find_if(exchanges_, [&](const Exchange& exchange) { return equal(exchange.sid, sid); });
  return found == exchanges_.end() ? nullptr : &*found;
}

void ShortCodeOffer::handle_timeout(Instant now) {
  if (now < next_timeout()) return;
  state_ = State::expired;
  link_ = SecretBytes();
  events_.push_back(short_code_event::Expired{});
}

Instant ShortCodeOffer::next_timeout() const { return over() ? far_future : expires_; }

void ShortCodeOffer::send(const Message& message) { queue(encode(message)); }

// The device repeats what gets no answer.
void ShortCodeOffer::queue(Bytes datagram) {
  if (transmits_.size() < limits::short_code_answers) transmits_.push_back(std::move(datagram));
}

std::optional<Bytes> ShortCodeOffer::poll_transmit() {
  if (transmits_.empty()) return std::nullopt;
  Bytes datagram = std::move(transmits_.front());
  transmits_.pop_front();
  return datagram;
}

std::optional<ShortCodeEvent> ShortCodeOffer::poll_event() {
  if (events_.empty()) return std::nullopt;
  ShortCodeEvent event = events_.front();
  events_.pop_front();
  return event;
}

}  // namespace drawbridge::pairing
