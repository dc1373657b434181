// Whether bytes are well-formed UTF-8 (RFC 3629): no surrogates, no overlong forms, nothing above U+10FFFF.
#pragma once

#include "keys/bytes.hpp"

namespace drawbridge {

bool is_utf8(ByteView bytes);

}  // namespace drawbridge
