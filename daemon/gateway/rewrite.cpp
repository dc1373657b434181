#include "daemon/gateway/rewrite.hpp"

#include "daemon/web/request_site.hpp"

namespace drawbridge::gateway {
std::string request_for_service(const Head& head) {
  return http::write_request(head, http::unchanged);
}

// RFC 9110 5.6.2. The parser also takes names with spaces in them, and a carriage return alone for the end of a line.
static bool is_token(std::string_view name) {
  constexpr std::string_view allowed = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  return !name.empty() && name.find_first_not_of(allowed) == std::string_view::npos;
}

std::string response_for_browser(const Head& head, const ResponseForm& form) {
  return http::write_response(head, form, [](const http::Header& header) -> std::optional<std::string> {
    if (!is_token(header.name)) return std::nullopt;
    bool cookie = web::equal_ignoring_case(header.name, "Set-Cookie");
    return cookie ? http::without_domain(header.value) : header.value;
  });
}

}  // namespace drawbridge::gateway
