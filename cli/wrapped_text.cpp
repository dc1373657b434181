#include "cli/wrapped_text.hpp"

#include <algorithm>

#include "cli/text_width.hpp"

namespace drawbridge::cli {

constexpr int narrowest = 20, widest = 100;  // longer lines are hard to read

std::vector<std::string> wrapped(const std::string& text, size_t columns, size_t indent) {
  std::vector<std::string> lines;
  std::string line;
  for (size_t at = 0; at <= text.size();) {
    size_t end = std::min(text.find(' ', at), text.size());
    std::string word = text.substr(at, end - at);
    at = end + 1;
    bool fits = line.empty() || display_width(line) + 1 + display_width(word) <= columns;
    if (!fits) {
      lines.push_back(std::move(line));
      line = std::string(indent, ' ') + word;
    } else {
      line += (line.empty() ? "" : " ") + word;
    }
  }
  lines.push_back(std::move(line));
  return lines;
}

size_t text_columns(const Output& out) {
  return out.terminal().interactive ? static_cast<size_t>(std::clamp(out.terminal().columns, narrowest, widest)) : SIZE_MAX;
}

void write_wrapped(Output& out, const std::string& text, size_t indent) {
  for (const std::string& line : wrapped(text, text_columns(out), indent)) out.line(line);
}

}  // namespace drawbridge::cli
