#include "protocol/traversal/connectivity_check.hpp"

#include <cassert>

#include "keys/aead.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/roster/record_fields.hpp"

namespace drawbridge::traversal {
namespace {

// First byte (top bit 0), nonce, tag of the nonce's first 8 bytes, sealed body.
constexpr size_t nonce_at = 1, tag_at = nonce_at + xchacha_nonce_size, body_at = tag_at + 8;
constexpr size_t least_size = body_at + aead_tag_size;
constexpr size_t marked_part = 8;
// The smallest body: the array's head, eight fields of one byte, an address and no padding, each of these with a head of two.
constexpr size_t least_body = 1 + 8 + (2 + roster::address_size) + 2;
using roster::address_size;
using roster::decode_address;
using roster::encode_address;

Bytes encode_body(const ConnectivityCheck& check, size_t body_size) {
  Bytes body;
  auto write = [&](size_t padding) {
    body.clear();
    msgpack::Writer(body)
        .array(10)
        .uint(static_cast<uint8_t>(check.kind))
        .uint(check.counter)
        .uint(check.sender_boot)
        .uint(check.receiver_boot)
        .uint(check.transaction)
        .boolean(check.nominate)
        .uint(check.confirmed_size)
        .uint(check.round_trip_us)
        .bin(encode_address(check.observed))
        .bin(Bytes(padding));
  };
  write(0);
  if (body.size() >= body_size) return body;
  // An empty byte string's head has two bytes, one of over 255 bytes has three: correct once the size is known.
  size_t padding = body_size - body.size();
  write(padding);
  if (body.size() > body_size) write(padding - (body.size() - body_size));
  return body;
}

}  // namespace

CheckKeys check_keys(const quic::PairKeys& pair, quic::End towards) {
  return towards == quic::End::office ? CheckKeys{pair.check_to_office, pair.check_tag_to_office}
                                      : CheckKeys{pair.check_to_device, pair.check_tag_to_device};
}

Bytes seal_check(const ConnectivityCheck& check, const CheckKeys& keys, size_t datagram_size, Entropy& entropy) {
  Bytes body = encode_body(check, datagram_size > least_size ? datagram_size - least_size : 0);
  Bytes datagram(least_size + body.size());
  entropy.fill(MutableBytes(datagram).first(tag_at));
  datagram[0] &= 0x7f;
  auto nonce = ByteView(datagram).subspan<nonce_at, xchacha_nonce_size>();
  auto tag = siphash24_tag(keys.tag.reveal(), nonce.first(marked_part));
  std::copy(tag.begin(), tag.end(), datagram.begin() + tag_at);
  xchacha_seal(MutableBytes(datagram).subspan(body_at), body, nonce, ByteView(datagram).first(body_at), keys.seal);
  return datagram;
}

bool has_check_size(ByteView datagram) {
  return datagram.size() >= least_size + least_body && datagram.size() <= limits::largest_packet;
}

bool check_tag_matches(ByteView datagram, const CheckKeys& keys) {
  if (datagram.size() < least_size || (datagram[0] & 0x80)) return false;
  auto tag = siphash24_tag(keys.tag.reveal(), datagram.subspan(nonce_at, marked_part));
  return equal_constant_time(tag, datagram.subspan(tag_at, tag.size()));
}

std::optional<ConnectivityCheck> open_check(ByteView datagram, const CheckKeys& keys) {
  if (!check_tag_matches(datagram, keys) || datagram.size() > limits::largest_packet) return std::nullopt;
  Bytes body(datagram.size() - least_size);
  auto nonce = datagram.subspan<nonce_at, xchacha_nonce_size>();
  if (!xchacha_open(body, datagram.subspan(body_at), nonce, datagram.first(body_at), keys.seal)) return std::nullopt;
  msgpack::Reader reader(body);
  ConnectivityCheck check;
  reader.array_exact(10);
  check.kind = static_cast<CheckKind>(reader.uint(static_cast<uint8_t>(CheckKind::here)));
  check.counter = reader.uint();
  check.sender_boot = reader.uint();
  check.receiver_boot = reader.uint();
  check.transaction = reader.uint();
  check.nominate = reader.boolean();
  check.confirmed_size = static_cast<uint16_t>(reader.uint(UINT16_MAX));
  check.round_trip_us = static_cast<uint32_t>(reader.uint(UINT32_MAX));
  check.observed = decode_address(reader.bin_exact(address_size));
  reader.bin(limits::largest_packet);
  if (!reader.done() || check.kind < CheckKind::request) return std::nullopt;
  return check;
}

}  // namespace drawbridge::traversal
