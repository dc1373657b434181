#include "daemon/office_page/page_rules.hpp"

#include "daemon/office_page/json.hpp"
#include "daemon/web/request_site.hpp"

namespace drawbridge::office_page {
namespace {

using http::Head;
using http::header_value;
using http::Refusal;
using web::equal_ignoring_case;
using Kind = PageRequest::Kind;

bool is_our_name(std::string_view host, const std::string& ours) {
  return ours.empty() ? web::is_local_host(host) : equal_ignoring_case(host, ours);
}

const web::Asset* asset_at(std::string_view target) {
  constexpr std::string_view folder = "/.drawbridge/";
  target = target.substr(0, target.find('?'));
  if (target == "/") return web::find_office_asset("index.html");
  if (!target.starts_with(folder)) return nullptr;
  std::string_view name = target.substr(folder.size());
  constexpr std::string_view own = "office/";
  return name.starts_with(own) ? web::find_office_asset(name.substr(own.size())) : web::find_asset(name);
}

// Only this page's own script asks so: no form can send this type, and a browser asks us first before it lets another
// origin's script do it, which we never grant. What says nothing of its origin is no browser, and has the command line.
std::optional<Refusal> check_change(const Head& head) {
  std::string_view site = header_value(head, "Sec-Fetch-Site"), origin = header_value(head, "Origin");
  bool same_site = site.empty() || site == "same-origin";
  bool same_origin = origin.empty() || equal_ignoring_case(origin, "http://" + std::string(header_value(head, "Host")));
  if (!same_site || !same_origin || (site.empty() && origin.empty())) return Refusal{403, "Another site asked for this."};
  std::string_view type = header_value(head, "Content-Type");
  if (!equal_ignoring_case(http::trimmed(type.substr(0, type.find(';'))), "application/json"))
    return Refusal{415, "A request is JSON."};
  if (head.chunked || !head.length) return Refusal{411, "A request says its length."};
  if (*head.length > longest_request_json) return Refusal{413, "The request is too long."};
  return std::nullopt;
}

std::optional<Kind> change_at(std::string_view target) {
  if (target == "/session") return Kind::begin_session;
  if (target == "/leave") return Kind::end_session;
  if (target == "/stay") return Kind::stay;
  if (target == "/call") return Kind::call;
  return std::nullopt;
}

}  // namespace

std::variant<PageRequest, Refusal> read_page_request(const Head& head, const std::string& host) {
  if (auto refusal = http::check_request(head)) return *refusal;
  if (!is_our_name(header_value(head, "Host"), host)) return Refusal{421, "This name does not belong to this page."};
  if (head.upgrade) return Refusal{400, "Nothing here is upgraded."};
  auto change = change_at(head.target);
  if (head.method == "GET" || head.method == "HEAD") {
    if (head.chunked || head.length.value_or(0) > 0) return Refusal{400, "Nothing is sent with a question."};
    const web::Asset* asset = asset_at(head.target);
    if (!asset) return Refusal{change ? 405u : 404u, "There is no such page."};
    return PageRequest{Kind::asset, asset, head.method == "HEAD"};
  }
  if (head.method != "POST" || !change) return Refusal{change || asset_at(head.target) ? 405u : 404u, "There is no such page."};
  if (auto refusal = check_change(head)) return *refusal;
  return PageRequest{*change, nullptr, false};
}

std::string_view session_cookie(const Head& head) {
  std::string_view found;
  http::each_part(header_value(head, "Cookie"), ';', [&](std::string_view part) {
    size_t equals = part.find('=');
    if (found.empty() && equals != std::string_view::npos && part.substr(0, equals) == cookie_name) found = part.substr(equals + 1);
  });
  return found;
}

std::string set_cookie(const std::string& secret) {
  return "Set-Cookie: " + std::string(cookie_name) + "=" + secret + "; Path=/; HttpOnly; SameSite=Strict" +
         (secret.empty() ? "; Max-Age=0" : "") + "\r\n";
}

const char* const page_headers =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Permissions-Policy: camera=(), microphone=(), geolocation=(), clipboard-read=()\r\n"
    "Cache-Control: no-store\r\n";

}  // namespace drawbridge::office_page
