#include "protocol/pairing/short_code_join.hpp"

#include <algorithm>

#include "protocol/base/limits.hpp"

namespace drawbridge::pairing {

using namespace short_code_message;

namespace {

constexpr const char* ask_for_another = "Ask for a new code at the office.";

Error wrong_words(int left) {
  if (left <= 0) return {ErrorCode::authentication, "The words were wrong, and the code is used up.", ask_for_another};
  return {ErrorCode::authentication, "The words of the code are not right.",
          "Compare them with what the office shows; " + std::to_string(left) + (left == 1 ? " try is left." : " tries are left.")};
}

Error refusal(Refusal why, int left) {
  switch (why) {
    case Refusal::wrong: return wrong_words(left);
    case Refusal::dead: return {ErrorCode::not_allowed, "This code was typed wrong three times and is used up.", ask_for_another};
    case Refusal::used: return {ErrorCode::not_allowed, "Another device has used this code.", ask_for_another};
    case Refusal::expired: return {ErrorCode::expired, "This code is too old.", ask_for_another};
    case Refusal::version: break;
  }
  return {ErrorCode::state, "The office and this device have versions that do not fit.", "Update Drawbridge on both."};
}

}  // namespace

ShortCodeJoin::ShortCodeJoin(const ShortCode& code, Instant now, Entropy& entropy) : give_up_at_(now + limits::join_patience) {
  entropy.fill(sid_);
  ephemeral_ = cpace::draw_ephemeral(short_code_generator(code, sid_), entropy);
  say(now, Hello{sid_, version, ephemeral_.share});
}

void ShortCodeJoin::say(Instant now, const Message& message) {
  message_ = encode(message);
  repeat_at_ = now;
  repeat_after_ = limits::short_code_repeat_first;
}

void ShortCodeJoin::handle_datagram(Instant now, ByteView datagram) {
  if (outcome_) return;
  auto message = parse(datagram);
  if (!message || !std::visit([&](const auto& m) { return equal(m.sid, sid_); }, *message)) return;
  if (const auto* share = std::get_if<Share>(&*message)) handle(now, *share);
  if (const auto* link = std::get_if<Link>(&*message)) handle(*link);
  if (const auto* refused = std::get_if<Refused>(&*message)) handle(*refused);
}

void ShortCodeJoin::handle(Instant now, const Share& share) {
  // A second share would let its sender test a second guess.
  if (keys_) return;
  auto point = cpace::common_point(ephemeral_.scalar, share.share);
  if (!point) return;
  keys_ = short_code_keys(sid_, *point, ephemeral_.share, share.share);
  ephemeral_.scalar.clear();
  say(now, Confirm{sid_, keys_->confirmation});
}

void ShortCodeJoin::handle(const Link& link) {
  if (!keys_) return;
  if (auto text = open_link(link.sealed, *keys_)) outcome_ = std::move(*text);
}

void ShortCodeJoin::handle(const Refused& refused) {
  // Nobody can say that the words are wrong before they were proved.
  if (refused.why == Refusal::wrong && !keys_) return;
  tries_left_ = std::min<int>(refused.tries_left, limits::short_code_tries);
  outcome_ = refusal(refused.why, tries_left_);
}

void ShortCodeJoin::handle_timeout(Instant now) {
  if (outcome_ || now < give_up_at_) return;
  outcome_ = Error{ErrorCode::unreachable, "Nobody answers to this code.",
                   "Check the number at its beginning, that the office is on, and that the code is still shown there."};
}

std::optional<Bytes> ShortCodeJoin::poll_transmit(Instant now) {
  if (outcome_ || now < repeat_at_) return std::nullopt;
  repeat_at_ = now + repeat_after_;
  repeat_after_ = std::min(2 * repeat_after_, limits::short_code_repeat_longest);
  return message_;
}

}  // namespace drawbridge::pairing
