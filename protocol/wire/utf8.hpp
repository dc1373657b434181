// Whether bytes are well-formed UTF-8 (RFC 3629): no surrogates, no overlong forms, nothing above U+10FFFF.
#pragma once

#include <string_view>

#include "keys/bytes.hpp"

namespace drawbridge {

bool is_utf8(ByteView bytes);

// The longest well-formed beginning of at most `most` bytes: a text that is cut must stay one, or readers refuse the
// whole message that it is in.
std::string_view utf8_prefix(std::string_view text, size_t most);

// Well-formed, and nothing in it but what is seen: no control characters (C0, C1), no line separators, no marks that turn
// the direction of writing. Safe to print.
bool is_plain_text(std::string_view text);

}  // namespace drawbridge
