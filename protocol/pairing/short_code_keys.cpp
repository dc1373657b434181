#include "protocol/pairing/short_code_keys.hpp"

#include "keys/aead.hpp"
#include "keys/hash.hpp"

namespace drawbridge::pairing {
namespace {

constexpr std::string_view channel = "drawbridge short code/1";
// One message is sealed with each key.
constexpr std::array<uint8_t, chacha_nonce_size> nonce{};

}  // namespace

Secret32 short_code_generator(const ShortCode& code, const cpace::SessionId& sid) {
  Bytes ci = to_bytes(as_bytes(channel));
  ci.push_back(static_cast<uint8_t>(code.number >> 8));
  ci.push_back(static_cast<uint8_t>(code.number));
  std::string password = code.password();
  Secret32 generator = cpace::generator(as_bytes(password), ci, sid);
  wipe({reinterpret_cast<uint8_t*>(password.data()), password.size()});
  return generator;
}

ShortCodeKeys short_code_keys(const cpace::SessionId& sid, const Secret32& point, const cpace::Share& device,
                              const cpace::Share& office) {
  Secret<64> isk = cpace::session_key(sid, point, {device, as_bytes("device")}, {office, as_bytes("office")});
  ShortCodeKeys keys;
  Secret32 tag = keyed_blake2b_256(isk.reveal(), {as_bytes("short code confirmation")});
  std::memcpy(keys.confirmation.data(), tag.reveal().data(), keys.confirmation.size());
  keys.link = keyed_blake2b_256(isk.reveal(), {as_bytes("short code link")});
  return keys;
}

Bytes seal_link(ByteView link, const ShortCodeKeys& keys) {
  Bytes sealed(link.size() + aead_tag_size);
  chacha_seal(sealed, link, nonce, as_bytes(channel), keys.link);
  return sealed;
}

std::optional<std::string> open_link(ByteView sealed, const ShortCodeKeys& keys) {
  if (sealed.size() < aead_tag_size) return std::nullopt;
  Bytes plain(sealed.size() - aead_tag_size);
  if (!chacha_open(plain, sealed, nonce, as_bytes(channel), keys.link)) return std::nullopt;
  std::string link = to_string(plain);
  wipe(plain);
  return link;
}

}  // namespace drawbridge::pairing
