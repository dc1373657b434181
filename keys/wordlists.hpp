// The texts of keys/wordlists/, as generated at build time: 2048 words each, a line feed after every one.
#pragma once

namespace drawbridge::wordlists {

extern const char english_words[];
extern const char french_words[];
extern const char spanish_words[];

}  // namespace drawbridge::wordlists
