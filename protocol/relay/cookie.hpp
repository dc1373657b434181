// Cookies: a client's address and ephemeral key, proved without keeping anything. docs/spec/relay.md, Steps 3.
#pragma once

#include "keys/entropy.hpp"
#include "protocol/base/time.hpp"
#include "protocol/relay/link.hpp"
#include "protocol/relay/wire.hpp"

namespace drawbridge::relay {

class CookieJar {
 public:
  explicit CookieJar(Entropy& entropy) : secret_(entropy.secret32()) {}

  Cookie bake(Instant now, const Link& link, const ExchangePublic& ephemeral) const;
  // Baked here for the same link and key, at most limits::relay_cookie_life ago.
  bool accepts(Instant now, const Link& link, const ExchangePublic& ephemeral, const Cookie& cookie) const;

 private:
  Cookie at(uint32_t seconds, const Link& link, const ExchangePublic& ephemeral) const;
  uint32_t clock(Instant now) const;
  Secret32 secret_;
};

}  // namespace drawbridge::relay
