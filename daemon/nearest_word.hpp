// The known word that a mistyped one probably means.
#pragma once

#include <string>
#include <vector>

namespace drawbridge {

// The nearest of `words` by edits, if it is within a third of its length; else empty.
std::string nearest_word(const std::string& typed, const std::vector<std::string>& words);

}  // namespace drawbridge
