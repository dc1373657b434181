// The knock: a device's first connection id is 8 random bytes r and the SipHash-2-4 tag of r under the pair's tag key.
// The office compares it with every live pair and open invitation before it spends anything on a stranger's packet.
#pragma once

#include <optional>

#include "keys/entropy.hpp"
#include "protocol/quic/connection_id.hpp"
#include "protocol/quic/key_schedule.hpp"

namespace drawbridge::quic {

ConnectionId make_knock(const Secret<16>& tag_key, Entropy& entropy);

// `dcid` of another length is no knock.
bool knock_matches(const Secret<16>& tag_key, ByteView dcid);

// The form of a first datagram, without any key: at least 1200 bytes, one Initial of QUIC version 1 (RFC 9000 17.2.2)
// with a 16-byte destination id, an 8-byte source id, no token, and nothing after it. Cheap: below 10 ns.
struct FirstInitial {
  ByteView dcid, scid;
  size_t number_at = 0;  // offset of the (protected) packet number
  size_t end = 0;        // = size of the datagram
};
std::optional<FirstInitial> parse_first_initial(ByteView datagram);

// Opens it with the pair's knock key, and requires PADDING and PING frames around exactly one CRYPTO frame at offset 0
// that holds one whole message: two bytes of length and message 1, which is returned. Anything else: nothing, silently.
std::optional<Bytes> open_first_initial(ByteView datagram, const FirstInitial& form, const Secret32& knock);

}  // namespace drawbridge::quic
