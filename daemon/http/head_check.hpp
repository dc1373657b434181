// The strict first look at a request's head, before any parser sees it: what two readers could take in two ways is
// refused (RFC 9112 sections 2.2, 5.1, 5.2, 11.2).
#pragma once

#include <cstddef>
#include <string_view>

namespace drawbridge::http {

constexpr size_t longest_request_head = 16 * 1024;
constexpr size_t most_headers = 100;

struct HeadCheck {
  enum class Kind { incomplete, complete, malformed, too_long };
  Kind kind = Kind::incomplete;
  size_t length = 0;  // of a complete head, with the empty line
};

// `bytes`: from the first byte of a request. Every line ends in CR LF, no other CR or LF stands anywhere; no line
// begins with a space (folded header), none is empty before the end; names are tokens followed by ':' at once; values
// hold no control characters.
HeadCheck check_head(std::string_view bytes);

}  // namespace drawbridge::http
