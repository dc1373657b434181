#include "daemon/web/assets.hpp"

#include <algorithm>

namespace drawbridge::web {

namespace {

const Asset* find_in(std::span<const Asset> all, std::string_view name) {
  auto found = std::find_if(all.begin(), all.end(), [&](const Asset& asset) { return asset.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

const Asset* find_asset(std::string_view name) { return find_in(assets(), name); }
const Asset* find_office_asset(std::string_view name) { return find_in(office_assets(), name); }

}  // namespace drawbridge::web
