#include "daemon/http/identified_heads.hpp"

#include <algorithm>

#include "daemon/web/request_site.hpp"

namespace drawbridge::http {
namespace {

using web::equal_ignoring_case;

// As a program may read it: CGI and what came after it cannot tell '-' from '_' nor upper case from lower.
std::string as_read(std::string_view name) {
  std::string out(name);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c == '_' ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

// Headers that say who or where the asker is: only we may.
bool claims_identity(std::string_view name) {
  std::string read = as_read(name);
  return read.starts_with("drawbridge") || read.starts_with("x-forwarded-") || read == "forwarded" || read == "x-real-ip";
}

std::string origin_of(std::string_view host) { return "http://" + std::string(host); }

// A URL of one site as the same one of another; nothing: it is not of that site.
std::optional<std::string> moved(std::string_view url, const std::string& from, const std::string& to) {
  std::string origin = origin_of(from);
  if (url.size() < origin.size() || !equal_ignoring_case(url.substr(0, origin.size()), origin)) return std::nullopt;
  std::string_view rest = url.substr(origin.size());
  if (!rest.empty() && rest.front() != '/' && rest.front() != '?' && rest.front() != '#') return std::nullopt;
  return origin_of(to) + std::string(rest);
}

}  // namespace

std::optional<Refusal> check_host(const Head& head, const std::string& target) {
  std::string_view host = header_value(head, "Host");
  if (web::is_local_host(host) || equal_ignoring_case(host, target)) return std::nullopt;
  return Refusal{421, "This service does not answer to the name '" + as_header_text(host.substr(0, 100)) + "'."};
}

std::string request_for_program(const Head& head, const Asker& asker, const std::string& target) {
  std::string asked(header_value(head, "Host"));
  auto change = [&](const Header& header) -> std::optional<std::string> {
    if (claims_identity(header.name)) return std::nullopt;
    if (equal_ignoring_case(header.name, "Host")) return target;
    bool of_site = equal_ignoring_case(header.name, "Origin") || equal_ignoring_case(header.name, "Referer");
    return of_site ? moved(header.value, asked, target).value_or(header.value) : header.value;
  };
  return write_request(head, change,
                       {{"Drawbridge-Device", asker.device},
                        {"Drawbridge-Device-Name", as_header_text(asker.device_name)},
                        {"Drawbridge-Office", as_header_text(asker.office)},
                        {"X-Forwarded-Host", asked},
                        {"X-Forwarded-Proto", "http"}});
}

std::string response_for_device(const Head& head, const ResponseForm& form, const std::string& asked_host, const std::string& target) {
  return write_response(head, form, [&](const Header& header) -> std::optional<std::string> {
    if (equal_ignoring_case(header.name, "Set-Cookie")) return without_domain(header.value);
    bool of_site = equal_ignoring_case(header.name, "Location") || equal_ignoring_case(header.name, "Content-Location");
    return of_site ? moved(header.value, target, asked_host).value_or(header.value) : header.value;
  });
}

std::string as_header_text(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    auto byte = static_cast<uint8_t>(c);
    bool plain = byte >= 0x20 && byte < 0x7f && c != '%';
    if (plain) out += c;
    else out.append({'%', digits[byte >> 4], digits[byte & 15]});
  }
  return out;
}

}  // namespace drawbridge::http
