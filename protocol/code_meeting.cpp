#include "protocol/code_meeting.hpp"

#include <algorithm>

namespace drawbridge {

CodeMailboxes::~CodeMailboxes() {
  for (const SocketAddress& mailbox : list_) core_.relays.close(mailbox);
}

bool CodeMailboxes::open(Instant now, const relay::RelayAddress& relay) {
  auto mailbox = core_.relays.open(now, relay, pairing::short_code_mailbox(number_), end_);
  if (mailbox) list_.push_back(*mailbox);
  return mailbox.has_value();
}

bool CodeMailboxes::has(const SocketAddress& mailbox) const { return std::find(list_.begin(), list_.end(), mailbox) != list_.end(); }

bool CodeMailboxes::reachable() const {
  return std::any_of(list_.begin(), list_.end(), [this](const SocketAddress& mailbox) { return core_.relays.may_send(mailbox); });
}

CodeGiver::CodeGiver(Core& core, uint64_t invitation, pairing::ShortCodeOffer offer)
    : core_(core), invitation_(invitation), offer_(std::move(offer)), mailboxes_(core, offer_.code().number, relay::End::office) {}

void CodeGiver::open_mailboxes(Instant now) {
  for (const relay::RelayAddress& relay : core_.own_relays) mailboxes_.open(now, relay);
}

bool CodeGiver::handle_datagram(Now now, const SocketAddress& mailbox, ByteView payload) {
  if (!mailboxes_.has(mailbox)) return false;
  offer_.handle_datagram(now.boot, payload);
  while (auto answer = offer_.poll_transmit()) core_.send(Path{{}, mailbox}, std::move(*answer));
  while (auto event = offer_.poll_event()) note(now, *event);
  return true;
}

void CodeGiver::note(Now now, const pairing::ShortCodeEvent& event) {
  const auto* wrong = std::get_if<pairing::short_code_event::WrongWords>(&event);
  if (!wrong) return;
  core_.emit(event::CodeTried{invitation_, wrong->tries_left});
  core_.audit(now, audit::RecordType::refused, nullptr, "", "", "wrong words for a short code, tries left: " + std::to_string(wrong->tries_left));
}

CodeTaker::CodeTaker(Core& core, const pairing::ShortCode& code, std::string own_name, const std::vector<relay::RelayAddress>& relays, Now now)
    : core_(core), code_(code), own_name_(std::move(own_name)), mailboxes_(core, code.number, relay::End::device), give_up_at_(now.boot + limits::short_code_patience) {
  for (const relay::RelayAddress& relay : relays) mailboxes_.open(now.boot, relay);
}

void CodeTaker::handle_relay_news(Now now, const relay::RelayNews& news) {
  if (exchange_ || outcome_ || !news.joined || !mailboxes_.has(news.mailbox)) return;
  mailbox_ = news.mailbox;
  exchange_.emplace(code_, now.boot, core_.entropy);
  follow(now);
}

bool CodeTaker::handle_datagram(Now now, const SocketAddress& mailbox, ByteView payload) {
  if (!mailboxes_.has(mailbox)) return false;
  if (!exchange_ || mailbox != mailbox_) return true;
  exchange_->handle_datagram(now.boot, payload);
  follow(now);
  return true;
}

void CodeTaker::handle_timeout(Now now) {
  if (exchange_) {
    exchange_->handle_timeout(now.boot);
    return follow(now);
  }
  if (outcome_ || now.boot < give_up_at_) return;
  outcome_ = mailboxes_.reachable()
                 ? Error{ErrorCode::unreachable, "No office waits for this code.",
                         "Check the number at its beginning, that the office uses the same relay, and that the code is still shown there."}
                 : Error{ErrorCode::unreachable, "No relay that this computer knows can be reached.", "Check the internet connection; `drawbridge relay list` shows the relays."};
}

void CodeTaker::follow(Now now) {
  while (auto message = exchange_->poll_transmit(now.boot)) core_.send(Path{{}, mailbox_}, std::move(*message));
  if (!outcome_ && exchange_->outcome()) outcome_ = *exchange_->outcome();
}

Instant CodeTaker::next_timeout() const {
  if (outcome_) return far_future;
  return exchange_ ? exchange_->next_timeout() : give_up_at_;
}

}  // namespace drawbridge
