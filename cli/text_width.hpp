// How wide a text is on a terminal.
#pragma once

#include <cstddef>
#include <string_view>

namespace drawbridge::cli {

// Columns: one a code point, two for wide East Asian ones and emoji, none for combining marks and invalid bytes.
size_t display_width(std::string_view text);

}  // namespace drawbridge::cli
