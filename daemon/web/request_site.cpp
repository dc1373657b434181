#include "daemon/web/request_site.hpp"

#include <algorithm>

namespace drawbridge::web {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f');
}
bool is_label(char c) {
  return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-';
}

template <typename Predicate>
bool all(std::string_view text, Predicate predicate) {
  return !text.empty() && std::all_of(text.begin(), text.end(), predicate);
}

bool is_port(std::string_view text) {
  return text.size() <= 5 && all(text, is_digit);
}

// Takes ":PORT" off the end; false: what stands there is no port.
bool take_port(std::string_view& host) {
  size_t colon = host.rfind(':');
  if (colon == std::string_view::npos || host.back() == ']') return true;
  if (!is_port(host.substr(colon + 1))) return false;
  host = host.substr(0, colon);
  return true;
}

bool is_v4(std::string_view host) {
  int dots = static_cast<int>(std::count(host.begin(), host.end(), '.'));
  return dots == 3 && all(host, [](char c) { return is_digit(c) || c == '.'; });
}

bool is_v6(std::string_view host) {
  if (host.size() < 4 || host.front() != '[' || host.back() != ']') return false;
  return all(host.substr(1, host.size() - 2), [](char c) { return is_hex(c) || c == ':' || c == '.'; });
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

bool may_change(const RequestSite& site) {
  if (!site.sec_fetch_site.empty()) return site.sec_fetch_site == "same-origin" || site.sec_fetch_site == "none";
  if (site.origin.empty()) return true;
  constexpr std::string_view scheme = "http://";
  return site.origin.starts_with(scheme) && !site.host.empty() &&
         equal_ignoring_case(site.origin.substr(scheme.size()), site.host);
}

bool is_local_host(std::string_view host) {
  if (host.empty() || host.size() > 253 || !take_port(host) || host.empty()) return false;
  if (is_v4(host) || is_v6(host)) return true;
  constexpr std::string_view suffix = ".localhost";
  if (!all(host, [](char c) { return is_label(c) || c == '.'; })) return false;
  if (equal_ignoring_case(host, suffix.substr(1))) return true;
  return host.size() > suffix.size() && equal_ignoring_case(host.substr(host.size() - suffix.size()), suffix);
}

}  // namespace drawbridge::web
