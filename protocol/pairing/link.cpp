#include "protocol/pairing/link.hpp"

#include <sodium.h>

#include "keys/hash.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/relay/wire.hpp"
#include "protocol/roster/record_fields.hpp"

namespace drawbridge::pairing {
namespace {

constexpr uint64_t layout = 1;
constexpr size_t longest_link = 2048;
constexpr std::string_view scheme = "drawbridge:#";
// In links an IPv4 address takes 4 bytes: the code gets coarser, and cameras read it sooner.
constexpr size_t v4_size = 6, v6_size = 18;

Bytes short_address(const SocketAddress& address) {
  Bytes bytes = roster::encode_address(address);
  if (address.is_v4()) bytes.erase(bytes.begin(), bytes.begin() + 12);
  return bytes;
}

SocketAddress long_address(ByteView bytes, msgpack::Reader& reader) {
  if (bytes.size() == v6_size) {
    SocketAddress address = roster::decode_address(bytes);
    if (relay::is_made_up(address)) reader.refuse();
    return address;
  }
  if (bytes.size() != v4_size) {
    reader.refuse();
    return {};
  }
  return SocketAddress::v4(bytes[0], bytes[1], bytes[2], bytes[3], static_cast<uint16_t>(bytes[4] << 8 | bytes[5]));
}

Error damaged(const char* what) {
  return {ErrorCode::malformed, std::string("This pairing link is not complete: ") + what + ".",
          "Copy the whole link again, or let the office make a new one with `drawbridge pair`."};
}

}  // namespace

std::string to_link(const InvitationLink& invitation, std::string_view phone_page) {
  Bytes bytes;
  msgpack::Writer writer(bytes);
  writer.array(5).uint(layout).bin(invitation.office.bytes).bin(invitation.secret.reveal()).array(invitation.addresses.size());
  for (const SocketAddress& address : invitation.addresses) writer.bin(short_address(address));
  roster::write_relays(writer, invitation.relays);
  append(bytes, ByteView(blake2b_256({bytes})).first(4));  // a damaged copy is told apart from a foreign one
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  text.pop_back();  // its final zero
  wipe(bytes);
  return (phone_page.empty() ? std::string(scheme) : std::string(phone_page) + "/#") + text;
}

Result<InvitationLink> parse_link(std::string_view text) {
  while (!text.empty() && static_cast<uint8_t>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<uint8_t>(text.back()) <= ' ') text.remove_suffix(1);
  bool known = text.starts_with(scheme) || text.starts_with("https://") || relay::is_phone_page(text.substr(0, text.find("/#")));
  size_t hash = text.find('#');
  if (!known || hash == std::string_view::npos || text.size() > longest_link) {
    return Error{ErrorCode::invalid_argument, "This is not a pairing link.", "A link begins with `drawbridge:#`; `drawbridge pair` at the office shows one."};
  }
  text.remove_prefix(hash + 1);
  if (text.empty()) return damaged("its end is missing");
  Bytes bytes(text.size());
  size_t length = 0;
  if (sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &length, nullptr,
                        sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0) {
    return damaged("it holds characters that do not belong there");
  }
  if (length < 4) return damaged("its end is missing");
  ByteView payload = ByteView(bytes).first(length - 4);
  if (!equal(ByteView(blake2b_256({payload})).first(4), ByteView(bytes).subspan(length - 4, 4))) return damaged("a part is missing or was changed");
  msgpack::Reader reader(payload);
  InvitationLink link;
  reader.array_exact(5);
  if (reader.uint() != layout) {
    return Error{ErrorCode::malformed, "This pairing link was made by a newer Drawbridge.", "Update Drawbridge on this device."};
  }
  roster::read_id(reader, link.office);
  roster::read_secret(reader, link.secret);
  for (size_t left = reader.array(limits::candidates); left > 0 && reader.ok(); --left) link.addresses.push_back(long_address(reader.bin(v6_size), reader));
  link.relays = roster::read_relays(reader);
  Result<void> whole = reader.done();
  wipe(bytes);
  if (!whole) return damaged("it is not in the right form");
  return link;
}

quic::PairKeys invitation_keys(const Secret32& secret) { return quic::derive_pair_keys(derive_key(secret, "invitation")); }

uint64_t invitation_id(const Secret32& secret) {
  Secret32 id = derive_key(secret, "invitation id");
  uint64_t value = 0;
  for (size_t i = 0; i < 6; ++i) value = value << 8 | id.reveal()[i];  // 48 bits: exact in JSON
  return value | 1;
}

Bytes signature_text(ByteView handshake_hash) {
  Bytes text = to_bytes(as_bytes("drawbridge/1 pairing"));
  append(text, handshake_hash);
  return text;
}

Bytes certificate_text(const Certificate& c) {
  Bytes text;
  msgpack::Writer(text).array(5).str("drawbridge/1 certificate").bin(c.office.bytes).bin(c.device.bytes).str(c.name).integer(c.unix_ms);
  return text;
}

}  // namespace drawbridge::pairing
