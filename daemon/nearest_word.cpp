#include "daemon/nearest_word.hpp"

#include <algorithm>
#include <numeric>

namespace drawbridge {
namespace {

// Levenshtein's distance, one row at a time.
size_t distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0]++;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t substituted = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row.back();
}

}  // namespace

std::string nearest_word(const std::string& typed, const std::vector<std::string>& words) {
  std::string best;
  size_t best_distance = typed.size() + 1;
  for (const std::string& word : words) {
    size_t edits = distance(typed.substr(0, 64), word);
    if (edits < best_distance && edits <= std::max<size_t>(word.size() / 3, 1)) best = word, best_distance = edits;
  }
  return best;
}

}  // namespace drawbridge
