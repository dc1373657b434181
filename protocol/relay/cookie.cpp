#include "protocol/relay/cookie.hpp"

#include "keys/hash.hpp"
#include "protocol/roster/record_fields.hpp"

namespace drawbridge::relay {

// Offset by a secret, so that it does not tell how long this computer has been up.
uint32_t CookieJar::clock(Instant now) const {
  auto offset = static_cast<uint32_t>(siphash24(secret_.reveal().first<16>(), as_bytes("clock")));
  return offset + static_cast<uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
}

Cookie CookieJar::at(uint32_t seconds, const Link& link, const ExchangePublic& ephemeral) const {
  Cookie cookie{};
  for (size_t i = 0; i < 4; ++i) cookie[i] = static_cast<uint8_t>(seconds >> (24 - 8 * i));
  std::array<uint8_t, 8> stream{};
  std::memcpy(stream.data(), &link.stream, stream.size());
  auto mac = keyed_blake2b_256(secret_.reveal(), {ByteView(cookie).first<4>(), roster::encode_address(link.path.remote),
                                                  stream, ephemeral});
  std::copy_n(mac.reveal().begin(), cookie.size() - 4, cookie.begin() + 4);
  return cookie;
}

Cookie CookieJar::bake(Instant now, const Link& link, const ExchangePublic& ephemeral) const {
  return at(clock(now), link, ephemeral);
}

bool CookieJar::accepts(Instant now, const Link& link, const ExchangePublic& ephemeral, const Cookie& cookie) const {
  uint32_t seconds = uint32_t{cookie[0]} << 24 | uint32_t{cookie[1]} << 16 | uint32_t{cookie[2]} << 8 | cookie[3];
  constexpr auto life = static_cast<uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(limits::relay_cookie_life).count());
  return clock(now) - seconds <= life && equal_constant_time(at(seconds, link, ephemeral), cookie);
}

}  // namespace drawbridge::relay
