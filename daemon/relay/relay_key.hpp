// The relay's own key: 32 bytes in hexadecimal in STATE/relay.key, made at the first start. It is nobody's device id.
#pragma once

#include "keys/entropy.hpp"
#include "keys/identity.hpp"

namespace drawbridge {

// `not_allowed`: open to others or of another owner. `malformed`: damaged. `io`: cannot be read or written.
Result<Identity> read_or_make_relay_key(const std::string& file, Entropy& entropy);

}  // namespace drawbridge
