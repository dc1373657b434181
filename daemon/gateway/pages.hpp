// The gateway's own page: an office's services.
#pragma once

#include <string>

#include "daemon/gateway/routes.hpp"
#include "daemon/web/assets.hpp"

namespace drawbridge::gateway {

// Complete header lines for the page and what it refers to.
constexpr std::string_view security_headers =
    "Content-Security-Policy: default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action "
    "'none'; frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nCross-Origin-Resource-Policy: "
    "same-origin\r\nCache-Control: no-store\r\n";

const char* reason_phrase(unsigned status);
// Links to the services that are for browsers, and the names of the others.
std::string office_page(const RoutedOffice& office, uint16_t port, std::string_view accept_language);
// What an office's page refers to; nullptr: nothing.
const web::Asset* find_page_asset(std::string_view target);

}  // namespace drawbridge::gateway
