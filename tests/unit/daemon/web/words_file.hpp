// The words of a page, as its script holds them.
#pragma once

#include <catch2/catch.hpp>
#include <regex>
#include <set>
#include <string>

namespace drawbridge {

// The keys of `const LANGUAGE = { … };`.
inline std::multiset<std::string> keys_of(const std::string& file, const std::string& language) {
  size_t begin = file.find("const " + language + " = {"), end = file.find("\n};", begin);
  REQUIRE(begin != std::string::npos);
  std::string block = file.substr(begin, end - begin);
  std::regex key("(\\w+): \"");
  std::multiset<std::string> keys;
  for (std::sregex_iterator at(block.begin(), block.end(), key), none; at != none; ++at) keys.insert((*at)[1]);
  return keys;
}

}  // namespace drawbridge
