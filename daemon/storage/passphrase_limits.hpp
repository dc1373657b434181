// How much is read for a passphrase, wherever it comes from.
#pragma once

#include <cstddef>

namespace drawbridge {

// A long sentence in any language; more is a file given by mistake.
constexpr size_t longest_passphrase = 1024;

}  // namespace drawbridge
