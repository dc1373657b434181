#include "cli/text_width.hpp"

#include <utf8proc.h>

namespace drawbridge::cli {

size_t display_width(std::string_view text) {
  size_t width = 0;
  auto* at = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  for (auto left = static_cast<utf8proc_ssize_t>(text.size()); left > 0;) {
    utf8proc_int32_t code_point = -1;
    utf8proc_ssize_t length = utf8proc_iterate(at, left, &code_point);
    if (length < 1) length = 1;
    if (code_point >= 0) width += static_cast<size_t>(utf8proc_charwidth(code_point));
    at += length;
    left -= length;
  }
  return width;
}

}  // namespace drawbridge::cli
