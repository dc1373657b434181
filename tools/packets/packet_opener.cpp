#include "tools/packets/packet_opener.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <sstream>

#include "protocol/quic/connection_id.hpp"
#include "protocol/quic/varint.hpp"
#include "protocol/relay/wire.hpp"

namespace drawbridge::packets {
namespace {

using quic::KeySpace;

std::optional<KeySpace> space_named(std::string_view name) {
  if (name == "initial") return KeySpace::initial;
  if (name == "handshake") return KeySpace::handshake;
  if (name == "traffic") return KeySpace::traffic;
  return std::nullopt;
}

std::optional<uint32_t> number_in(const std::string& text) {
  uint32_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

// RFC 9000 A.3.
uint64_t complete_number(std::optional<uint64_t> largest, uint64_t truncated, size_t size) {
  uint64_t expected = largest ? *largest + 1 : 0, window = uint64_t{1} << (8 * size), half = window / 2;
  uint64_t candidate = (expected & ~(window - 1)) | truncated;
  if (candidate + half <= expected) return candidate + window;
  if (candidate > expected + half && candidate >= window) return candidate - window;
  return candidate;
}

// A sender's own recording may hold a run of datagrams of one size (the last one shorter) as one, because the kernel cuts
// it up later (UDP_SEGMENT). All of a run have the same bytes 1 to 8; so the next place where these are ends the first.
size_t segment_size(ByteView datagram) {
  constexpr size_t mark_at = 1, mark_size = 8;
  if (datagram.size() < 2 * (mark_at + mark_size)) return datagram.size();
  ByteView mark = datagram.subspan(mark_at, mark_size), rest = datagram.subspan(mark_at + mark_size + mark_at);
  auto found = std::search(rest.begin(), rest.end(), mark.begin(), mark.end());
  return found == rest.end() ? datagram.size() : mark_size + mark_at + static_cast<size_t>(found - rest.begin());
}

struct LongHeader {
  KeySpace space{};
  size_t number_at = 0, end = 0;
};

std::optional<LongHeader> parse_long(ByteView packet) {
  if (packet.size() < 7 || packet[1] || packet[2] || packet[3] || packet[4] != 1) return std::nullopt;
  int type = packet[0] >> 4 & 3;
  if (type != 0 && type != 2) return std::nullopt;
  size_t at = 5;
  for (int id = 0; id < 2; ++id) {
    if (at >= packet.size()) return std::nullopt;
    at += 1 + size_t{packet[at]};
  }
  if (type == 0) {
    auto token = quic::read_varint(packet, at);
    if (!token || *token > packet.size() - at) return std::nullopt;
    at += *token;
  }
  auto length = quic::read_varint(packet, at);
  if (!length || *length > packet.size() - at) return std::nullopt;
  return LongHeader{type == 0 ? KeySpace::initial : KeySpace::handshake, at, at + static_cast<size_t>(*length)};
}

}  // namespace

bool PacketOpener::add_line(std::string_view line) {
  std::istringstream in{std::string(line)};
  std::string connection, destination, direction, space_text, generation_text, aead_text, key, iv, header, more;
  if (!(in >> connection >> destination >> direction >> space_text >> generation_text >> aead_text >> key >> iv >> header) || in >> more) return false;
  auto space = space_named(space_text);
  auto generation = number_in(generation_text), aead = number_in(aead_text);
  Bytes key_bytes = from_hex(key), iv_bytes = from_hex(iv), header_bytes = from_hex(header), id = from_hex(destination);
  bool known = aead == uint32_t{1} || aead == uint32_t{2};
  if (!space || !generation || !known || (direction != "to-office" && direction != "to-device") || id.empty() || from_hex(connection).empty() ||
      key_bytes.size() != packet_key_size || iv_bytes.size() != packet_nonce_size || header_bytes.size() != header_key_size)
    return false;
  auto algorithm = static_cast<AeadId>(*aead);
  Direction& entry = directions_[connection + direction + space_text];
  entry.connection = connection;
  entry.space = *space;
  entry.to_office = direction == "to-office";
  entry.destinations.insert(id);
  if (!entry.mask) entry.mask = make_header_mask(algorithm, Secret32(std::span<const uint8_t, 32>(header_bytes)));
  Direction::Generation& made = entry.generations[*generation];
  made.key = make_packet_key(algorithm, Secret32(std::span<const uint8_t, 32>(key_bytes)));
  std::copy(iv_bytes.begin(), iv_bytes.end(), made.iv.begin());
  return entry.mask && made.key;
}

std::optional<OpenedPacket> PacketOpener::open_with(Direction& direction, ByteView packet, size_t number_at) {
  if (packet.size() < number_at + 4 + header_sample_size) return std::nullopt;
  std::array<uint8_t, header_mask_size> mask{};
  direction.mask->mask(mask, packet.subspan(number_at + 4).first<header_sample_size>());
  uint8_t first = packet[0] ^ (mask[0] & (direction.space == KeySpace::traffic ? 0x1f : 0x0f));
  size_t size = (first & 3) + 1;
  Bytes header = to_bytes(packet.first(number_at + size));
  header[0] = first;
  uint64_t truncated = 0;
  for (size_t i = 0; i < size; ++i) truncated = truncated << 8 | (header[number_at + i] ^= mask[1 + i]);
  uint64_t number = complete_number(direction.largest, truncated, size);
  std::array<uint8_t, packet_nonce_size> as_nonce{};
  for (size_t i = 0; i < 8; ++i) as_nonce[packet_nonce_size - 1 - i] = static_cast<uint8_t>(number >> (8 * i));
  ByteView sealed = packet.subspan(header.size());
  if (sealed.size() < packet_tag_size) return std::nullopt;
  Bytes frames(sealed.size() - packet_tag_size);
  // The key phase would tell two generations apart; the tag tells all.
  for (auto entry = direction.generations.rbegin(); entry != direction.generations.rend(); ++entry) {
    if (!entry->second.key->open(frames, sealed, quic::packet_nonce(entry->second.iv, as_nonce.data()), header)) continue;
    direction.largest = std::max(direction.largest.value_or(0), number);
    return OpenedPacket{direction.connection, direction.space, direction.to_office, entry->first, number, std::move(frames)};
  }
  return std::nullopt;
}

// A device's Initials name ids that its key log line does not: every key is tried, and the tag decides.
std::optional<OpenedPacket> PacketOpener::open_long(ByteView packet, size_t number_at, KeySpace space) {
  for (auto& [name, direction] : directions_) {
    if (direction.space != space) continue;
    if (auto opened = open_with(direction, packet, number_at)) return opened;
  }
  return std::nullopt;
}

std::optional<OpenedPacket> PacketOpener::open_short(ByteView packet) {
  if (packet.size() < 1 + quic::connection_id_size) return std::nullopt;
  Bytes id = to_bytes(packet.subspan(1, quic::connection_id_size));
  for (auto& [name, direction] : directions_) {
    if (direction.space != KeySpace::traffic || !direction.destinations.count(id)) continue;
    if (auto opened = open_with(direction, packet, 1 + quic::connection_id_size)) return opened;
  }
  return std::nullopt;
}

bool PacketOpener::knows_destination(ByteView id) const {
  Bytes wanted = to_bytes(id);
  for (auto& [name, direction] : directions_) {
    if (direction.space == KeySpace::traffic && direction.destinations.count(wanted)) return true;
  }
  return false;
}

OpenedDatagram PacketOpener::open(ByteView datagram) {
  OpenedDatagram whole = open_one(datagram);
  size_t size = segment_size(datagram);
  if (whole.rest.empty() || !whole.packets.empty() || size >= datagram.size()) return whole;
  OpenedDatagram out;
  for (size_t at = 0; at < datagram.size(); at += size) {
    OpenedDatagram part = open_one(datagram.subspan(at, std::min(size, datagram.size() - at)));
    out.relayed = out.relayed || part.relayed;
    std::move(part.packets.begin(), part.packets.end(), std::back_inserter(out.packets));
    if (!part.rest.empty()) out.rest = part.rest;
  }
  return out.packets.empty() ? whole : std::move(out);
}

OpenedDatagram PacketOpener::open_one(ByteView datagram) {
  OpenedDatagram out;
  ByteView left = datagram;
  // As receivers tell them apart (docs/spec/relay.md): by a number in bytes 1 to 8 that they know. Ours are ids.
  auto is_ours = [&](ByteView b) { return b.size() > 8 && ((b[0] & 0x80) || knows_destination(b.subspan(1, 8))); };
  if (!is_ours(left) && relay::message_of(left) == relay::Message::data && left.size() > relay::header_size && is_ours(left.subspan(relay::header_size))) {
    out.relayed = true;
    left = left.subspan(relay::header_size);
  }
  if (!is_ours(left)) {
    out.rest = "a relay's message, or a sealed check, or of a connection whose keys are not in the log";
    return out;
  }
  while (!left.empty() && (left[0] & 0x80)) {
    auto header = parse_long(left);
    auto opened = header ? open_long(left.first(header->end), header->number_at, header->space) : std::nullopt;
    if (!opened) {
      out.rest = header ? "a long header whose keys are not in the log" : "a long header that is none of Drawbridge's";
      return out;
    }
    out.packets.push_back(std::move(*opened));
    left = left.subspan(header->end);
  }
  if (left.empty()) return out;
  if (auto opened = open_short(left)) out.packets.push_back(std::move(*opened));
  else out.rest = "a short header that no key of the log opens";
  return out;
}

}  // namespace drawbridge::packets
