// The messages of a short code's exchange, each one datagram through the code's mailbox. docs/spec/short-code.md.
#pragma once

#include <optional>
#include <variant>

#include "protocol/pairing/cpace.hpp"

namespace drawbridge::pairing::short_code_message {

constexpr uint8_t version = 1;
using Tag = std::array<uint8_t, 32>;

// Device: its share, in an exchange that it names.
struct Hello {
  cpace::SessionId sid{};
  uint8_t version = short_code_message::version;
  cpace::Share share{};
};
// Office: its share.
struct Share {
  cpace::SessionId sid{};
  cpace::Share share{};
};
// Device: proof that it knows the words.
struct Confirm {
  cpace::SessionId sid{};
  Tag tag{};
};
// Office: the invitation's link, sealed; that it opens proves that the office knows the words too.
struct Link {
  cpace::SessionId sid{};
  Bytes sealed;
};

enum class Refusal : uint8_t {
  wrong = 1,    // the words; `tries_left` more exchanges are possible
  dead = 2,     // three were wrong
  used = 3,     // another device has had the link
  expired = 4,
  version = 5,  // the office does not speak the device's
};
struct Refused {
  cpace::SessionId sid{};
  Refusal why = Refusal::wrong;
  uint8_t tries_left = 0;
};

using Message = std::variant<Hello, Share, Confirm, Link, Refused>;

Bytes encode(const Message& message);
// Nothing for what is no message of one of these forms. A Hello of another version is read as far as its session id.
std::optional<Message> parse(ByteView datagram);

}  // namespace drawbridge::pairing::short_code_message
