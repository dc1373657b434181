// The folder as a page that is whole without any script: links, sizes, dates. The script of daemon/web takes it over.
#pragma once

#include <string>
#include <string_view>

#include "daemon/folder/listing.hpp"
#include "keys/result.hpp"

namespace drawbridge::folder {

enum class Language { english, french, spanish };
// By the browser's wishes (RFC 9110 section 12.5.4), the first that is one of ours.
Language choose_language(std::string_view accept_language);

std::string listing_page(const Listing& listing, const std::string& service, Language language);
std::string error_page(const Error& error);

}  // namespace drawbridge::folder
