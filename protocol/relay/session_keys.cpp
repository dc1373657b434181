#include "protocol/relay/session_keys.hpp"

#include "keys/aead.hpp"

namespace drawbridge::relay {
namespace {

std::array<uint8_t, chacha_nonce_size> nonce_of(uint64_t counter) {
  std::array<uint8_t, chacha_nonce_size> nonce{};
  for (size_t i = 0; i < 8; ++i) nonce[nonce.size() - 1 - i] = static_cast<uint8_t>(counter >> (8 * i));
  return nonce;
}

Secret<16> knock_key(const RelayId& relay, const Secret32& access) {
  return first_bytes<16>(derive_key(access, "relay knock", relay.bytes));
}

}  // namespace

Result<RelayKey> relay_key_of(const RelayId& id) {
  auto exchange = exchange_public_of(id);
  if (!exchange) return Error{ErrorCode::authentication, "This is not the key of a relay.", "Ask its operator for the URL."};
  return RelayKey{id, *exchange};
}

Secret32 access_of(std::string_view token) {
  if (token.empty()) return {};
  return Secret32(blake2b_256({as_bytes("drawbridge relay token"), as_bytes(token)}));
}

KnockKey::KnockKey(const RelayId& relay, const Secret32& access) : key_(knock_key(relay, access)) {}

std::array<uint8_t, 8> KnockKey::knock(ByteView knocked) const {
  return siphash24_tag(key_.reveal(), knocked);
}

bool KnockKey::matches(ByteView knocked, const std::array<uint8_t, 8>& tag) const {
  return equal_constant_time(knock(knocked), tag);
}

std::optional<SessionKeys> agree(const Secret32& mine, const ExchangePublic& theirs, const RelayId& relay,
                                 const ExchangePublic& ephemeral, const Secret32& access) {
  Secret32 shared;
  if (!dh(mine, theirs, shared)) return std::nullopt;
  SecretBytes parts(96);
  auto at = parts.reveal_mutable();
  std::copy_n(relay.bytes.begin(), 32, at.begin());
  std::copy_n(ephemeral.begin(), 32, at.begin() + 32);
  std::copy_n(access.reveal().begin(), 32, at.begin() + 64);
  Secret32 session = derive_key(shared, "relay session", parts.reveal());
  SessionKeys keys{derive_key(session, "relay to relay"), derive_key(session, "relay to client"),
                   derive_key(session, "relay binding")};
  Secret32 mark = derive_key(session, "relay mark");
  std::memcpy(&keys.mark, mark.reveal().data(), sizeof keys.mark);
  return keys;
}

Bytes seal_body(const Bytes& header, uint64_t counter, ByteView body, const Secret32& key) {
  Bytes datagram = header;
  datagram.resize(header.size() + body.size() + aead_tag_size);
  chacha_seal(MutableBytes(datagram).subspan(header.size()), body, nonce_of(counter), header, key);
  return datagram;
}

std::optional<Bytes> open_body(ByteView datagram, size_t header_size, uint64_t counter, const Secret32& key) {
  if (datagram.size() < header_size + aead_tag_size || datagram.size() > largest_control) return std::nullopt;
  Bytes body(datagram.size() - header_size - aead_tag_size);
  if (!chacha_open(body, datagram.subspan(header_size), nonce_of(counter), datagram.first(header_size), key))
    return std::nullopt;
  return body;
}

}  // namespace drawbridge::relay
