#include "keys/unicode.hpp"

#include <utf8proc.h>

#include <cstdlib>

namespace drawbridge {

namespace {

Result<SecretBytes> mapped(std::string_view text, int options) {
  if (text.size() > longest_typed_text) {
    return Error{ErrorCode::malformed, "The text is longer than 4096 bytes.",
                 "Type or paste only the words themselves."};
  }
  utf8proc_uint8_t* output = nullptr;
  utf8proc_ssize_t length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &output, static_cast<utf8proc_option_t>(options));
  if (length < 0) return Error{ErrorCode::malformed, "The text is not valid UTF-8.", "Set the terminal to UTF-8."};
  MutableBytes bytes(output, static_cast<size_t>(length));
  SecretBytes result{ByteView(bytes)};
  wipe(bytes);
  std::free(output);
  return result;
}

// The two Latin ligatures that no Unicode mapping opens. A ligature has two bytes in UTF-8, as has what replaces it.
void open_ligatures(MutableBytes text) {
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    bool oe = text[i] == 0xc5 && text[i + 1] == 0x93, ae = text[i] == 0xc3 && text[i + 1] == 0xa6;
    if (!oe && !ae) continue;
    text[i] = oe ? 'o' : 'a';
    text[i + 1] = 'e';
  }
}

}  // namespace

Result<SecretBytes> nfkd(std::string_view text) {
  return mapped(text, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
}

Result<SecretBytes> folded(std::string_view text) {
  auto result =
      mapped(text, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK | UTF8PROC_IGNORE);
  if (result) open_ligatures(result->reveal_mutable());
  return result;
}

}  // namespace drawbridge
