#include "daemon/gateway/rewrite.hpp"

#include "daemon/web/request_site.hpp"

namespace drawbridge::gateway {
std::string request_for_service(const Head& head) {
  return http::write_request(head, http::unchanged);
}

std::string response_for_browser(const Head& head, const ResponseForm& form) {
  return http::write_response(head, form, [](const http::Header& header) -> std::optional<std::string> {
    bool cookie = web::equal_ignoring_case(header.name, "Set-Cookie");
    return cookie ? http::without_domain(header.value) : header.value;
  });
}

}  // namespace drawbridge::gateway
