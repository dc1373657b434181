// ShortCodeOffer: the office's side of a short code, without IO. docs/spec/short-code.md.
//
// Contract. Datagrams of the code's mailbox (office end, secret short_code_mailbox(number)) go to handle_datagram, on
// whichever relay they came; then poll_transmit until it is empty, each answer going back the same way, and poll_event
// until it is empty; then sleep until next_timeout(). It sends nothing unasked. It lives in memory only: a restart of
// the office ends the code, not the invitation.
#pragma once

#include <deque>

#include "protocol/base/time.hpp"
#include "protocol/base/token_bucket.hpp"
#include "protocol/pairing/short_code_keys.hpp"

namespace drawbridge::pairing {

namespace short_code_event {
// Somebody typed wrong words. None left: the code is dead, and the owner should know that somebody may be guessing.
struct WrongWords {
  int tries_left = 0;
};
// A device that knows the words has been sent the link; the invitation's own course goes on from there.
struct LinkGiven {};
struct Expired {};
}  // namespace short_code_event
using ShortCodeEvent = std::variant<short_code_event::WrongWords, short_code_event::LinkGiven, short_code_event::Expired>;

class ShortCodeOffer {
 public:
  // `limit` for a link of more than limits::short_code_link_bytes.
  static Result<ShortCodeOffer> create(const ShortCode& code, std::string_view link, Instant expires, Entropy& entropy);

  void handle_datagram(Instant now, ByteView datagram);
  void handle_timeout(Instant now);
  Instant next_timeout() const;
  std::optional<Bytes> poll_transmit();
  std::optional<ShortCodeEvent> poll_event();

  const ShortCode& code() const { return code_; }
  int tries_left() const { return tries_left_; }
  // Nothing but refusals will be sent from now on, except to the device that has the link.
  bool over() const { return state_ != State::open; }

 private:
  enum class State : uint8_t { open, given, dead, expired };
  // One exchange, from its Hello until its slot is needed.
  struct Exchange {
    cpace::SessionId sid{};
    cpace::Share theirs{}, ours{};
    ShortCodeKeys keys;
    Bytes answer;  // to Confirm, once there was one: its repetition is answered alike and counted no more
  };

  ShortCodeOffer(const ShortCode& code, std::string_view link, Instant expires, Entropy& entropy);
  void handle(Instant now, const short_code_message::Hello& hello);
  void handle(const short_code_message::Confirm& confirm);
  Exchange* find(const cpace::SessionId& sid);
  void begin(const short_code_message::Hello& hello);
  void give(Exchange& exchange);
  void count_wrong(Exchange& exchange);
  void send(const short_code_message::Message& message);
  void queue(Bytes datagram);
  Bytes refusal(const cpace::SessionId& sid) const;

  ShortCode code_;
  SecretBytes link_;
  Instant expires_;
  Entropy* entropy_;
  State state_ = State::open;
  int tries_left_;
  TokenBucket hellos_;
  std::deque<Exchange> exchanges_;  // newest last
  std::deque<Bytes> transmits_;
  std::deque<ShortCodeEvent> events_;
};

}  // namespace drawbridge::pairing
