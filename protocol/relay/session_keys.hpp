// Keys between a client and a relay: the knock, and what one ephemeral key gives both. docs/spec/relay.md, Steps 1, 2.
#pragma once

#include <optional>

#include "keys/hash.hpp"
#include "protocol/relay/wire.hpp"

namespace drawbridge::relay {

// A relay as clients know it.
struct RelayKey {
  RelayId id;
  ExchangePublic exchange{};
};
// `authentication` for bytes that are no key.
Result<RelayKey> relay_key_of(const RelayId& id);

// What a private relay's token adds to every key; all zeros: the relay is open to all who know its key.
Secret32 access_of(std::string_view token);

class KnockKey {
 public:
  KnockKey(const RelayId& relay, const Secret32& access);
  // Of the knocked_part() of a message.
  std::array<uint8_t, 8> knock(ByteView knocked) const;
  bool matches(ByteView knocked, const std::array<uint8_t, 8>& tag) const;

 private:
  Secret<16> key_;
};

// Everything that follows from X25519 of the client's ephemeral and the relay's long-term key.
struct SessionKeys {
  Secret32 to_relay, to_client;  // of sealed bodies
  Secret32 binding;              // is signed to prove possession of a mailbox's key in this session
  Mark mark = 0;
};
// Nothing: `theirs` is a point of small order. Client: own ephemeral secret and the relay's X25519 key; relay: the reverse.
std::optional<SessionKeys> agree(const Secret32& mine, const ExchangePublic& theirs, const RelayId& relay,
                                 const ExchangePublic& ephemeral, const Secret32& access);

// `header` and the sealed body as one datagram.
Bytes seal_body(const Bytes& header, uint64_t counter, ByteView body, const Secret32& key);
// The body of a datagram whose header has `header_size` bytes. Nothing: not sealed with this key.
std::optional<Bytes> open_body(ByteView datagram, size_t header_size, uint64_t counter, const Secret32& key);

}  // namespace drawbridge::relay
