// What a relay holds of one client: its session, and the ends of mailboxes that it has open.
#pragma once

#include "protocol/base/token_bucket.hpp"
#include "protocol/relay/byte_bucket.hpp"
#include "protocol/relay/link.hpp"
#include "protocol/relay/session_keys.hpp"
#include "protocol/traversal/replay_window.hpp"

namespace drawbridge::relay {

struct Mailbox;

inline constexpr uint32_t no_slot = UINT32_MAX;

// Whose quota bytes and openings count against: an IPv4 address, or an IPv6 /64.
using AddressKey = std::array<uint8_t, 16>;
AddressKey address_key(const SocketAddress& address);

struct AddressRecord {
  TokenBucket openings, signatures;
  ByteBucket bytes;
  size_t associations = 0, mailboxes = 0;
  Instant over_until{};
};

// One end of a mailbox as its client numbers it.
struct Channel {
  Mailbox* mailbox = nullptr;  // null: closed, with the reason in `status`
  End end = End::none;
  Status status = Status::none;
  uint64_t number = 0;         // of the opening
};

struct Association {
  uint32_t slot = no_slot;
  Link link;
  SessionKeys keys;
  ExchangePublic ephemeral{};
  size_t access = 0;                 // which of the relay's tokens it has
  AddressRecord* address = nullptr;  // outlives the association
  traversal::ReplayWindow window;
  TokenBucket control{limits::relay_control_per_second, limits::relay_control_burst};
  Duration patience{};
  std::vector<Channel> channels;

  uint64_t number = 1;    // of the present state
  uint64_t told = 0, seen = 0;  // numbers: sent last, held by the client
  uint64_t answers = 0;   // counter of the message that the next STATE answers; 0: unasked
  std::optional<uint8_t> locate;  // the channel whose other end the next STATE locates
  bool introduce = false; // the next STATE names operator and country
  bool queued = false;    // in the queue of those to be told
  int tries = 0;
  uint32_t retry_s = 0;
  Instant asked_to_move{};

  bool empty() const {
    return std::none_of(channels.begin(), channels.end(), [](const Channel& channel) { return channel.mailbox; });
  }
  bool all_stale() const {
    return std::all_of(channels.begin(), channels.end(), [](const Channel& channel) { return channel.status == Status::stale; });
  }
  Channel* channel(uint8_t index) { return index < channels.size() ? &channels[index] : nullptr; }
};

// Keys of tables come from clients: without a secret of ours they could be made to collide.
struct KeyedHash {
  Secret<16> key;
  size_t operator()(uint64_t mark) const {
    uint64_t secret = 0;
    std::memcpy(&secret, key.reveal().data(), sizeof secret);
    mark ^= secret;
    mark *= 0x9e3779b97f4a7c15u;
    mark ^= secret << 7 ^ mark >> 29;
    return static_cast<size_t>(mark * 0xbf58476d1ce4e5b9u);
  }
  size_t operator()(const MailboxId& id) const { return static_cast<size_t>(siphash24(key.reveal(), id.bytes)); }
  size_t operator()(const AddressKey& address) const { return static_cast<size_t>(siphash24(key.reveal(), address)); }
};

}  // namespace drawbridge::relay
