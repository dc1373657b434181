// Reads tests/vectors/: lines `name=value`, an empty line after each vector.
#pragma once

#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace drawbridge {

using Vector = std::map<std::string, std::string>;

inline std::vector<Vector> read_vectors(const std::string& file) {
  std::ifstream stream(std::string(DRAWBRIDGE_SOURCE_DIR) + "/tests/vectors/" + file);
  std::vector<Vector> vectors;
  bool open = false;
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty() && !open) vectors.emplace_back();
    open = !line.empty();
    size_t equals = line.find('=');
    if (open) vectors.back()[line.substr(0, equals)] = line.substr(equals + 1);
  }
  return vectors;
}

}  // namespace drawbridge
