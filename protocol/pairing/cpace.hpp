// CPace, suite CPACE-RISTR255-SHA512, initiator and responder: draft-irtf-cfrg-cpace (revisions 13 to 21 agree on what is
// used here). Two ends that share a short password get a strong key; who guesses can test one guess per exchange.
// Names are the draft's: PRS the password, CI the channel identifier, sid the session id, Ya and Yb the shares of
// initiator and responder, ADa and ADb their associated data, K the common point, ISK the session key.
#pragma once

#include <optional>

#include "keys/entropy.hpp"

namespace drawbridge::pairing::cpace {

using Share = std::array<uint8_t, 32>;      // an encoded ristretto255 element (RFC 9496)
using SessionId = std::array<uint8_t, 16>;  // drawn by the initiator for each exchange

// Section 7.1, 7.3: the element that both ends derive from the password. It is as secret as the password is.
Bytes generator_string(ByteView prs, ByteView ci, ByteView sid);
Secret32 generator(ByteView prs, ByteView ci, ByteView sid);

// One end's secret scalar and what it sends. Section 7.3: 252 random bits.
struct Ephemeral {
  Secret32 scalar;
  Share share{};
};
Ephemeral draw_ephemeral(const Secret32& generator, Entropy& entropy);
Share share_of(const Secret32& scalar, const Secret32& generator);

// scalar_mult_vfy: K. Nothing if `theirs` is no element or the neutral one; the exchange must then be given up.
std::optional<Secret32> common_point(const Secret32& scalar, ByteView theirs);

// transcript_ir and the ISK of section 6.2.
struct Side {
  ByteView share, associated;
};
Bytes transcript(const Side& initiator, const Side& responder);
Secret<64> session_key(ByteView sid, const Secret32& point, const Side& initiator, const Side& responder);

}  // namespace drawbridge::pairing::cpace
