// ShortCodeJoin: the device's side of a short code, without IO. docs/spec/short-code.md.
//
// Contract. Made when a relay is ready and the code's mailbox (device end, secret short_code_mailbox(number)) is open on
// it. Each payload of the mailbox goes to handle_datagram; after every call poll_transmit until it is empty, then look at
// outcome(), then sleep until next_timeout(). It repeats itself what may have been lost.
// One object makes one exchange, so whoever sits at the other end gets to test one guess: another try is another object,
// made only when the person asks for it.
#pragma once

#include "protocol/base/time.hpp"
#include "protocol/pairing/short_code_keys.hpp"

namespace drawbridge::pairing {

class ShortCodeJoin {
 public:
  ShortCodeJoin(const ShortCode& code, Instant now, Entropy& entropy);

  void handle_datagram(Instant now, ByteView datagram);
  void handle_timeout(Instant now);
  Instant next_timeout() const { return outcome_ ? far_future : std::min(repeat_at_, give_up_at_); }
  std::optional<Bytes> poll_transmit(Instant now);

  // The invitation's link, or why there is none, for the person: `authentication` wrong words (the remedy says how many
  // tries are left), `not_allowed` dead or used, `expired`, `unreachable` nobody answers, `state` other versions.
  // What is refused is the word of whoever is at the other end: only the link proves that it is the office.
  const std::optional<Result<std::string>>& outcome() const { return outcome_; }
  // After an outcome `authentication`.
  int tries_left() const { return tries_left_; }

 private:
  void handle(Instant now, const short_code_message::Share& share);
  void handle(const short_code_message::Link& link);
  void handle(const short_code_message::Refused& refused);
  void say(Instant now, const short_code_message::Message& message);

  cpace::SessionId sid_{};
  cpace::Ephemeral ephemeral_;
  std::optional<ShortCodeKeys> keys_;  // once the office's share is here
  Bytes message_;                      // Hello, then Confirm: repeated until answered
  Instant repeat_at_{}, give_up_at_{};
  Duration repeat_after_{};
  std::optional<Result<std::string>> outcome_;
  int tries_left_ = 0;
};

}  // namespace drawbridge::pairing
