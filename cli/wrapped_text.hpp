// Sentences for people, broken between words where the terminal ends.
#pragma once

#include <string>
#include <vector>

#include "cli/output.hpp"

namespace drawbridge::cli {

// Lines of at most `columns` columns; a longer word has a line of its own. Later lines begin with `indent` spaces.
std::vector<std::string> wrapped(const std::string& text, size_t columns, size_t indent = 0);

// How wide sentences may be there; without bound where nobody looks at a terminal.
size_t text_columns(const Output& out);

// Prints them: on a terminal as wide as it is, at most 100 columns; elsewhere as one line.
void write_wrapped(Output& out, const std::string& text, size_t indent = 0);

}  // namespace drawbridge::cli
