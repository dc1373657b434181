// The 24 words as they are copied to paper: numbered, in columns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace drawbridge::cli {

// The lines, at most `width` columns wide where that is possible; numbers run down the columns.
std::vector<std::string> word_columns(const std::vector<std::string_view>& words, int width);

// Accents joined to their letters (NFC): word lists are kept decomposed, terminals and people prefer composed.
std::string composed(std::string_view word);

}  // namespace drawbridge::cli
