// The functions that ngtcp2 calls, each a line or two into Connection.
#pragma once

#include <ngtcp2/ngtcp2.h>

#include "keys/entropy.hpp"

namespace drawbridge::quic {

ngtcp2_callbacks connection_callbacks();

// The one path that ngtcp2 ever sees: it never migrates, so that its path code, which can abort the process and
// corrupt the bandwidth estimate, is out of reach. The addresses live in static storage.
ngtcp2_path made_up_path();

void fill_random(uint8_t* target, size_t size, const ngtcp2_rand_ctx* context);

}  // namespace drawbridge::quic
