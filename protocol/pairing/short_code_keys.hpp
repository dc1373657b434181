// What both ends of a short code's exchange compute alike.
#pragma once

#include "protocol/pairing/short_code.hpp"
#include "protocol/pairing/short_code_wire.hpp"

namespace drawbridge::pairing {

Secret32 short_code_generator(const ShortCode& code, const cpace::SessionId& sid);

struct ShortCodeKeys {
  short_code_message::Tag confirmation{};  // the device's proof
  Secret32 link;                           // seals one message
};
ShortCodeKeys short_code_keys(const cpace::SessionId& sid, const Secret32& point, const cpace::Share& device,
                              const cpace::Share& office);

Bytes seal_link(ByteView link, const ShortCodeKeys& keys);
// Nothing if it was sealed with another key.
std::optional<std::string> open_link(ByteView sealed, const ShortCodeKeys& keys);

}  // namespace drawbridge::pairing
