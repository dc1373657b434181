#include "daemon/web/assets.hpp"

#include <algorithm>

namespace drawbridge::web {

const Asset* find_asset(std::string_view name) {
  auto all = assets();
  auto found = std::find_if(all.begin(), all.end(), [&](const Asset& asset) { return asset.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace drawbridge::web
