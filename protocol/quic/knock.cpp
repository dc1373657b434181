#include "protocol/quic/knock.hpp"

#include <optional>

#include "protocol/base/limits.hpp"
#include "protocol/quic/varint.hpp"

namespace drawbridge::quic {
namespace {

constexpr size_t random_part = 8;

struct OpenedHeader {
  Bytes header;     // unprotected, up to and with the packet number
  uint64_t number = 0;
};

std::optional<OpenedHeader> unprotect_header(ByteView datagram, const FirstInitial& form, const PacketKeys& keys) {
  if (form.end - form.number_at < 4 + header_sample_size) return std::nullopt;
  auto sample = datagram.subspan(form.number_at + 4).first<header_sample_size>();
  std::array<uint8_t, header_mask_size> mask{};
  make_header_mask(keys.aead, keys.header_key)->mask(mask, sample);
  uint8_t first = datagram[0] ^ (mask[0] & 0x0f);
  if (first & 0x0c) return std::nullopt;  // reserved bits, RFC 9000 17.2
  size_t number_size = (first & 3) + 1;
  OpenedHeader opened{to_bytes(datagram.first(form.number_at + number_size))};
  opened.header[0] = first;
  for (size_t i = 0; i < number_size; ++i) {
    opened.header[form.number_at + i] ^= mask[1 + i];
    opened.number = opened.number << 8 | opened.header[form.number_at + i];
  }
  return opened;
}

std::optional<Bytes> decrypt(ByteView datagram, const FirstInitial& form, const PacketKeys& keys) {
  auto opened = unprotect_header(datagram, form, keys);
  if (!opened) return std::nullopt;
  ByteView sealed = datagram.subspan(opened->header.size());
  if (sealed.size() < packet_tag_size) return std::nullopt;
  std::array<uint8_t, packet_nonce_size> number{};
  for (size_t i = 0; i < 8; ++i) number[packet_nonce_size - 1 - i] = static_cast<uint8_t>(opened->number >> (8 * i));
  auto nonce = packet_nonce(keys.iv, number.data());
  Bytes frames(sealed.size() - packet_tag_size);
  auto key = make_packet_key(keys.aead, keys.key);
  if (!key->open(frames, sealed, nonce, opened->header)) return std::nullopt;
  return frames;
}

constexpr uint8_t frame_padding = 0x00, frame_ping = 0x01, frame_crypto = 0x06;  // RFC 9000 19

std::optional<Bytes> only_crypto_frame(ByteView frames) {
  std::optional<Bytes> message;
  for (size_t at = 0; at < frames.size();) {
    uint8_t type = frames[at++];
    if (type == frame_padding || type == frame_ping) continue;
    if (type != frame_crypto || message) return std::nullopt;
    auto offset = read_varint(frames, at);
    auto length = read_varint(frames, at);
    if (!offset || *offset != 0 || !length || *length > frames.size() - at || *length < 2) return std::nullopt;
    size_t announced = size_t{frames[at]} << 8 | frames[at + 1];
    if (announced + 2 != *length || announced > limits::message1_bytes) return std::nullopt;
    message = to_bytes(frames.subspan(at + 2, announced));
    at += *length;
  }
  return message;
}

}  // namespace

ConnectionId make_knock(const Secret<16>& tag_key, Entropy& entropy) {
  std::array<uint8_t, first_dcid_size> id{};
  entropy.fill(MutableBytes(id).first(random_part));
  auto tag = siphash24_tag(tag_key.reveal(), ByteView(id).first(random_part));
  std::copy(tag.begin(), tag.end(), id.begin() + random_part);
  return ConnectionId(id);
}

bool knock_matches(const Secret<16>& tag_key, ByteView dcid) {
  if (dcid.size() != first_dcid_size) return false;
  auto tag = siphash24_tag(tag_key.reveal(), dcid.first(random_part));
  return equal_constant_time(tag, dcid.last(random_part));
}

std::optional<FirstInitial> parse_first_initial(ByteView d) {
  // Long header, fixed bit, type Initial; the low four bits are protected. Greasing (RFC 9287) starts later.
  if (d.size() < limits::smallest_packet || (d[0] & 0xf0) != 0xc0) return std::nullopt;
  static constexpr uint8_t version_1[4] = {0, 0, 0, 1};
  if (!equal(d.subspan(1, 4), version_1) || d[5] != first_dcid_size) return std::nullopt;
  FirstInitial form;
  form.dcid = d.subspan(6, first_dcid_size);
  size_t at = 6 + first_dcid_size;
  if (d[at++] != connection_id_size) return std::nullopt;
  form.scid = d.subspan(at, connection_id_size);
  at += connection_id_size;
  if (d[at++] != 0) return std::nullopt;  // token length
  auto length = read_varint(d, at);
  if (!length || *length != d.size() - at) return std::nullopt;
  form.number_at = at;
  form.end = d.size();
  return form;
}

std::optional<Bytes> open_first_initial(ByteView datagram, const FirstInitial& form, const Secret32& knock) {
  auto frames = decrypt(datagram, form, derive_initial_keys(knock, form.dcid).to_office);
  if (!frames) return std::nullopt;
  auto message = only_crypto_frame(*frames);
  wipe(*frames);
  return message;
}

}  // namespace drawbridge::quic
