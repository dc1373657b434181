// An allocator for ngtcp2 that wipes what it frees: the library keeps traffic secrets in its own memory and frees them
// as they are.
#pragma once

#include <ngtcp2/ngtcp2.h>

namespace drawbridge::quic {

const ngtcp2_mem* wiping_memory();

}  // namespace drawbridge::quic
