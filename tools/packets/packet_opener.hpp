// Opens recorded packets with the keys of a key log (protocol/quic/key_log.hpp has its format).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "keys/bytes.hpp"
#include "protocol/aead/packet_protection.hpp"
#include "protocol/quic/key_log.hpp"

namespace drawbridge::packets {

struct OpenedPacket {
  std::string connection;      // CONNECTION of the key log, hexadecimal
  quic::KeySpace space{};
  bool to_office = false;
  uint32_t generation = 0;     // of the key
  uint64_t number = 0;
  Bytes frames;
};

// What one datagram holds: packets in their order, and what could not be read as a sentence.
struct OpenedDatagram {
  bool relayed = false;        // it came in a relay's DATA message
  std::vector<OpenedPacket> packets;
  std::string rest;            // empty: all was opened
};

class PacketOpener {
 public:
  // False: `line` (without its end) is none of a key log. The same key twice (from both ends) is one.
  bool add_line(std::string_view line);

  // `datagram` may be a run of datagrams that a sender's computer recorded as one. In the order of the recording: packet numbers are completed by those before (RFC 9000 A.3), so a recording that
  // begins amid a long connection may remain closed.
  OpenedDatagram open(ByteView datagram);

 private:
  // Keys of one packet number space in one direction of one connection.
  struct Direction {
    std::string connection;
    quic::KeySpace space{};
    bool to_office = false;
    std::set<Bytes> destinations;
    std::unique_ptr<HeaderMask> mask;
    struct Generation {
      std::unique_ptr<PacketKey> key;
      std::array<uint8_t, packet_nonce_size> iv{};
    };
    std::map<uint32_t, Generation> generations;
    std::optional<uint64_t> largest;   // packet number opened so far
  };
  OpenedDatagram open_one(ByteView datagram);
  std::optional<OpenedPacket> open_with(Direction& direction, ByteView packet, size_t number_at);
  std::optional<OpenedPacket> open_long(ByteView packet, size_t number_at, quic::KeySpace space);
  std::optional<OpenedPacket> open_short(ByteView packet);
  bool knows_destination(ByteView id) const;

  std::map<std::string, Direction> directions_;
};

}  // namespace drawbridge::packets
