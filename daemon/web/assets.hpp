// The pages' own files, built into the program (daemon/web/embed.cmake makes the definitions).
#pragma once

#include <span>
#include <string_view>

#include "keys/bytes.hpp"

namespace drawbridge::web {

struct Asset {
  std::string_view name;  // "page.js"
  std::string_view type;  // media type
  std::string_view tag;   // strong entity tag, with quotes
  ByteView bytes;
};

// Of the folder's page, and what other pages share with it.
std::span<const Asset> assets();
// Of the office's page alone.
std::span<const Asset> office_assets();
// nullptr: there is none.
const Asset* find_asset(std::string_view name);
const Asset* find_office_asset(std::string_view name);

}  // namespace drawbridge::web
