#include "protocol/pairing/cpace.hpp"

#include <sodium.h>

namespace drawbridge::pairing::cpace {
namespace {

constexpr std::string_view domain = "CPaceRistretto255", key_domain = "CPaceRistretto255_ISK";
constexpr size_t hash_block = 128;  // of SHA-512

// prepend_len: the length in LEB128, then the bytes.
void put(Bytes& out, ByteView part) {
  size_t length = part.size();
  for (; length >= 0x80; length >>= 7) out.push_back(static_cast<uint8_t>(length | 0x80));
  out.push_back(static_cast<uint8_t>(length));
  append(out, part);
}

Secret<64> sha512(ByteView bytes) {
  Secret<64> hash;
  crypto_hash_sha512(hash.reveal_mutable().data(), bytes.data(), bytes.size());
  return hash;
}

}  // namespace

Bytes generator_string(ByteView prs, ByteView ci, ByteView sid) {
  Bytes out;
  put(out, as_bytes(domain));
  put(out, prs);
  // Zeros up to the hash's first block, so that the password is hashed in a block of its own.
  size_t used = out.size() + 1;
  put(out, Bytes(used < hash_block ? hash_block - used : 0));
  put(out, ci);
  put(out, sid);
  return out;
}

Secret32 generator(ByteView prs, ByteView ci, ByteView sid) {
  Bytes string = generator_string(prs, ci, sid);
  Secret<64> hash = sha512(string);
  wipe(string);
  Secret32 element;
  crypto_core_ristretto255_from_hash(element.reveal_mutable().data(), hash.reveal().data());
  return element;
}

Share share_of(const Secret32& scalar, const Secret32& generator) {
  Share share{};
  // Fails only for the neutral element or a zero scalar: never met, and a share of zeros is refused by the other end.
  if (crypto_scalarmult_ristretto255(share.data(), scalar.reveal().data(), generator.reveal().data()) != 0) share = {};
  return share;
}

Ephemeral draw_ephemeral(const Secret32& generator, Entropy& entropy) {
  Ephemeral ephemeral{entropy.secret32(), {}};
  ephemeral.scalar.reveal_mutable()[31] &= 0x0f;
  ephemeral.share = share_of(ephemeral.scalar, generator);
  return ephemeral;
}

std::optional<Secret32> common_point(const Secret32& scalar, ByteView theirs) {
  if (theirs.size() != std::tuple_size_v<Share> || !crypto_core_ristretto255_is_valid_point(theirs.data())) return std::nullopt;
  Secret32 point;
  if (crypto_scalarmult_ristretto255(point.reveal_mutable().data(), scalar.reveal().data(), theirs.data()) != 0)
    return std::nullopt;
  return point;
}

Bytes transcript(const Side& initiator, const Side& responder) {
  Bytes out;
  for (const Side& side : {initiator, responder}) {
    put(out, side.share);
    put(out, side.associated);
  }
  return out;
}

Secret<64> session_key(ByteView sid, const Secret32& point, const Side& initiator, const Side& responder) {
  Bytes text;
  text.reserve(256);  // so that no copy of the point is left behind
  put(text, as_bytes(key_domain));
  put(text, sid);
  put(text, point.reveal());
  append(text, transcript(initiator, responder));
  Secret<64> key = sha512(text);
  wipe(text);
  return key;
}

}  // namespace drawbridge::pairing::cpace
