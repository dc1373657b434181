// Where the two ends of a short code meet: the mailbox of its number, on every relay that they know.
// docs/spec/short-code.md. CodeGiver is the office's side, and a part of its invitation; CodeTaker the device's, which
// ends with a link or a failure.
#pragma once

#include "protocol/core.hpp"
#include "protocol/pairing/short_code_join.hpp"
#include "protocol/pairing/short_code_offer.hpp"

namespace drawbridge {

// The mailboxes of one number; closed at the end of its life.
class CodeMailboxes {
 public:
  // `number`: as ShortCode says.
  CodeMailboxes(Core& core, uint16_t number, relay::End end) : core_(core), number_(number), end_(end) {}
  ~CodeMailboxes();
  CodeMailboxes(const CodeMailboxes&) = delete;
  CodeMailboxes& operator=(const CodeMailboxes&) = delete;

  // Adds that of one relay; false: no place is left there.
  bool open(Instant now, const relay::RelayAddress& relay);
  bool empty() const { return list_.empty(); }
  bool has(const SocketAddress& mailbox) const;
  // Whether one of their relays answers.
  bool reachable() const;

 private:
  Core& core_;
  uint16_t number_;
  relay::End end_;
  std::vector<SocketAddress> list_;
};

class CodeGiver {
 public:
  CodeGiver(Core& core, uint64_t invitation, pairing::ShortCodeOffer offer);

  // On all of the office's relays.
  void open_mailboxes(Instant now);
  // False: the mailbox is not this code's.
  bool handle_datagram(Now now, const SocketAddress& mailbox, ByteView payload);
  const pairing::ShortCode& code() const { return offer_.code(); }

 private:
  void note(Now now, const pairing::ShortCodeEvent& event);

  Core& core_;
  uint64_t invitation_;
  pairing::ShortCodeOffer offer_;
  CodeMailboxes mailboxes_;
};

class CodeTaker {
 public:
  // `relays`: all that this device knows; not empty.
  CodeTaker(Core& core, const pairing::ShortCode& code, std::string own_name, const std::vector<relay::RelayAddress>& relays, Now now);

  void handle_relay_news(Now now, const relay::RelayNews& news);
  bool handle_datagram(Now now, const SocketAddress& mailbox, ByteView payload);
  void handle_timeout(Now now);
  Instant next_timeout() const;

  // The office's link, or why there is none.
  const std::optional<Result<std::string>>& outcome() const { return outcome_; }
  const std::string& own_name() const { return own_name_; }

 private:
  void follow(Now now);

  Core& core_;
  pairing::ShortCode code_;
  std::string own_name_;
  CodeMailboxes mailboxes_;
  // The exchange runs at the first mailbox whose other end is there: at each, somebody could test one guess.
  SocketAddress mailbox_;
  std::optional<pairing::ShortCodeJoin> exchange_;
  Instant give_up_at_;
  std::optional<Result<std::string>> outcome_;
};

}  // namespace drawbridge
