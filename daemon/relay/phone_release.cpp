#include "daemon/relay/phone_release.hpp"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

namespace drawbridge {
namespace {

constexpr size_t longest_list = 256 * 1024;

bool is_hash(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

std::string phone_release(const std::string& directory) {
  std::ifstream file(directory + "/release.json", std::ios::binary);
  std::string text(longest_list, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  auto list = nlohmann::json::parse(text, nullptr, false);
  if (!list.is_object() || !list.contains("release") || !list["release"].is_string()) return "";
  std::string release = list["release"];
  return is_hash(release) ? release : "";
}

}  // namespace drawbridge
