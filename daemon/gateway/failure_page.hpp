// What the gateway says when it cannot or must not pass a request on: in the person's language where it concerns them.
#pragma once

#include <string>
#include <string_view>

namespace drawbridge::gateway {

// Complete header lines that go with it. Its style is its own: the page may stand under any name.
constexpr std::string_view failure_headers =
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nCross-Origin-Resource-Policy: same-origin\r\n"
    "Cache-Control: no-store\r\n";

// `message`: one sentence in English, shown where there is no sentence for `status`, else as a detail.
std::string failure_page(unsigned status, const std::string& message, std::string_view accept_language);

}  // namespace drawbridge::gateway
