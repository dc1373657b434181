// For development builds only (cmake -DDRAWBRIDGE_KEY_LOG=ON): the packet keys of every connection as lines of text, so
// that recorded packets can be read. docs/HACKING.md, "Looking at packets". In every other build the hooks below are
// empty and key_log.cpp is not compiled.
//
// One key a line, nine fields with a space between them, bytes in lower-case hexadecimal:
//
//     CONNECTION DESTINATION to-office|to-device initial|handshake|traffic GENERATION AEAD KEY IV HEADER
//
// CONNECTION   first destination connection id of the handshake (16 bytes): the same in all lines of a connection
// DESTINATION  connection id that packets of this direction carry
// GENERATION   decimal; 0, and counted up by key updates (traffic only)
// AEAD         decimal, an AeadId
// KEY, IV      32 and 12 bytes; HEADER: 32 bytes, of header protection, the same for all generations
#pragma once

#include <ngtcp2/ngtcp2.h>

#include <cstdint>
#include <string_view>

#include "protocol/quic/traffic_keys.hpp"

namespace drawbridge::quic {

enum class KeySpace : uint8_t { initial, handshake, traffic };

#ifdef DRAWBRIDGE_KEY_LOG

// Takes one line, which ends with a newline and is valid during the call. Null: keys are not told. Of the process.
using KeyLogWriter = void (*)(std::string_view line);
void set_key_log(KeyLogWriter writer);

// While it lives, keys that are told belong to this connection. Never two at once.
class KeyLogScope {
 public:
  KeyLogScope(ngtcp2_conn* conn, End self);
  ~KeyLogScope();
  KeyLogScope(const KeyLogScope&) = delete;
  KeyLogScope& operator=(const KeyLogScope&) = delete;
};

// Keys of packets towards `receiver`. `header`: whose header key protects them. Ignored outside of a scope.
void tell_keys(KeySpace space, uint32_t generation, End receiver, const PacketKeys& keys, const PacketKeys& header);

#else

struct KeyLogScope {
  constexpr KeyLogScope(ngtcp2_conn*, End) {}
};
constexpr void tell_keys(KeySpace, uint32_t, End, const PacketKeys&, const PacketKeys&) {}

#endif

}  // namespace drawbridge::quic
