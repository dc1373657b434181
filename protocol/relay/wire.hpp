// The relay's messages as bytes. Format: docs/spec/relay.md.
//
// Readers give nothing for whatever is not in the one right form; no bytes can trip an assertion. Writers append to
// `out` or fill exactly the size that they name.
#pragma once

#include <optional>
#include <vector>

#include "keys/identity.hpp"
#include "protocol/base/address.hpp"
#include "protocol/base/limits.hpp"

namespace drawbridge::relay {

enum class Message : uint8_t { hello = 1, challenge = 2, open = 3, control = 4, state = 5, gone = 6, data = 7 };

// Bytes 1 to 8 of every message: a number that its receiver knows. Compared only, so its byte order is the machine's.
using Mark = uint64_t;

inline constexpr size_t header_size = 10;  // of DATA: type, mark, channel
inline constexpr size_t hello_size = 80;
inline constexpr size_t challenge_size = 56;
inline constexpr size_t gone_size = 17;
inline constexpr size_t open_header_size = 69;
inline constexpr size_t control_header_size = 25;
inline constexpr size_t state_header_size = 17;
inline constexpr size_t largest_control = limits::smallest_packet;
inline constexpr uint8_t version = 1;
// What a client may carry in one DATA message so that it passes wherever Ethernet does.
inline constexpr size_t largest_payload = limits::largest_packet - header_size;

using Cookie = std::array<uint8_t, 20>;
using MailboxId = DeviceId;  // an Ed25519 public key
using RelayId = DeviceId;

enum class End : uint8_t { none = 0, office = 1, device = 2 };

enum class Status : uint8_t {
  none = 0,           // no such channel
  waiting = 1,        // open; the other end is away
  joined = 2,         // open; the other end is there
  displaced = 3,      // another instance has the end now
  refused_proof = 4,  // the signature is wrong
  full = 5,           // the relay, or what one address may hold
  contested = 6,      // displaced too often
  stale = 7,          // a newer opening of the same instance is there
};
inline constexpr uint8_t over_quota_bit = 0x80;
inline Status plain(uint8_t status) { return static_cast<Status>(status & ~over_quota_bit); }
inline bool is_open(uint8_t status) { return plain(status) == Status::waiting || plain(status) == Status::joined; }

// Nothing: too short for a message, or none of ours.
std::optional<Message> message_of(ByteView datagram);
Mark mark_of(ByteView datagram);  // of at least 9 bytes

// The header of a DATA message; `datagram` has at least header_size bytes.
inline void write_data_header(MutableBytes datagram, Mark mark, uint8_t channel) {
  datagram[0] = static_cast<uint8_t>(Message::data);
  std::memcpy(datagram.data() + 1, &mark, sizeof mark);
  datagram[9] = channel;
}

struct Hello {
  Mark transaction = 0;
  std::array<uint8_t, 8> knock{};
  uint8_t version = relay::version;
  ExchangePublic ephemeral{};
  bool elsewhere = false;  // answer from a port that this client has not written to
};
Bytes encode(const Hello& hello);
std::optional<Hello> parse_hello(ByteView datagram);
// What the knock is computed of: mark, version, ephemeral key.
Bytes knocked_part(const Hello& hello);

struct Challenge {
  Mark mark = 0;
  Cookie cookie{};
  SocketAddress observed;
  uint8_t version = relay::version;
  std::array<uint8_t, 8> tag{};
};
// What the tag is computed of: all that precedes it.
Bytes knocked_part(const Challenge& challenge);
Bytes encode(const Challenge& challenge);
std::optional<Challenge> parse_challenge(ByteView datagram);

// What precedes the sealed body, and where it begins.
struct OpenHeader {
  Mark mark = 0;
  uint64_t counter = 0;
  Cookie cookie{};
  ExchangePublic ephemeral{};
};
Bytes encode(const OpenHeader& header);
std::optional<OpenHeader> parse_open(ByteView datagram);

struct ControlHeader {
  Mark mark = 0;
  uint64_t counter = 0;
  std::array<uint8_t, 8> knock{};
};
Bytes encode(const ControlHeader& header);
std::optional<ControlHeader> parse_control(ByteView datagram);
// What the knock is computed of: mark and counter.
Bytes knocked_part(const ControlHeader& header);

struct StateHeader {
  Mark mark = 0;
  uint64_t counter = 0;
};
Bytes encode(const StateHeader& header);
std::optional<StateHeader> parse_state(ByteView datagram);
// GONE has the same fields and nothing else.
Bytes encode_gone(const StateHeader& header);
std::optional<StateHeader> parse_gone(ByteView datagram);

// --- bodies ---------------------------------------------------------------------------------------------------------
struct Item {
  uint8_t channel = 0;
  End end = End::none;  // none: the channel is left
  MailboxId mailbox;
  uint64_t instance = 0;
  uint64_t number = 0;
  Signature signature{};
};

enum class ControlKind : uint8_t { ping = 1, items = 2, move = 3, bye = 4, seen = 5, locate = 6 };
struct ControlBody {
  ControlKind kind = ControlKind::ping;
  uint64_t seen = 0;           // highest STATE number that the client holds
  uint16_t keepalive_s = 25;
  std::optional<Cookie> cookie;  // of `move`; else there is padding, so that no answer is larger than its question
  std::vector<Item> items;       // at most limits::relay_items; of `locate`: one, whose channel is meant
};
Bytes encode(const ControlBody& body);
std::optional<ControlBody> parse_control_body(ByteView body);

struct ChannelState {
  uint8_t status = 0;    // a Status, with over_quota_bit
  uint8_t openings = 0;  // of the other end, modulo 256
  bool operator==(const ChannelState&) const = default;
};
inline constexpr uint64_t flag_draining = 1;
inline constexpr uint64_t flag_address_quota = 2;
struct StateBody {
  uint64_t answers = 0;
  uint64_t number = 0;
  uint64_t flags = 0;
  SocketAddress observed;
  std::vector<ChannelState> channels;
  uint32_t retry_s = 0;
  std::string operator_name, country, other_url;  // only in answers to OPEN
  std::vector<SocketAddress> observers;           // likewise; unspecified: at the address of this relay
  // Answer to `locate`: the channel, and where the other end's packets come from.
  std::optional<std::pair<uint8_t, SocketAddress>> located;
  std::string phone_page;                         // in answers to OPEN, of a relay that serves one; see is_phone_page
};
// "https://HOST[:PORT]", or http:// for a name below localhost: the origin of a phone page.
bool is_phone_page(std::string_view text);
Bytes encode(const StateBody& body);
std::optional<StateBody> parse_state_body(ByteView body);

}  // namespace drawbridge::relay
