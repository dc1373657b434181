#include "cli/word_columns.hpp"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>

#include "cli/text_width.hpp"

namespace drawbridge::cli {
namespace {

constexpr size_t cell_width = 15;  // "24 ", the longest word (8 letters) and a gap

}  // namespace

std::string composed(std::string_view word) {
  utf8proc_uint8_t* text = nullptr;
  auto length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(word.data()), static_cast<utf8proc_ssize_t>(word.size()),
                   &text, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  if (length < 0) return std::string(word);
  std::string result(reinterpret_cast<char*>(text), static_cast<size_t>(length));
  std::free(text);
  return result;
}

std::vector<std::string> word_columns(const std::vector<std::string_view>& words, int width) {
  size_t columns = width >= static_cast<int>(4 * cell_width + 2)   ? 4
                   : width >= static_cast<int>(2 * cell_width + 2) ? 2
                                                                   : 1;
  size_t rows = (words.size() + columns - 1) / columns;
  std::vector<std::string> lines(rows);
  for (size_t i = 0; i < words.size(); ++i) {
    std::string cell = fmt::format("{:>2} {}", i + 1, composed(words[i]));
    if (i + rows < words.size()) cell.append(cell_width - std::min(display_width(cell), cell_width), ' ');
    lines[i % rows] += cell;
  }
  return lines;
}

}  // namespace drawbridge::cli
