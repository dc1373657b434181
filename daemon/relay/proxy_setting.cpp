#include "daemon/relay/proxy_setting.hpp"

#include <algorithm>
#include <charconv>

namespace drawbridge {
namespace {

constexpr std::string_view scheme = "http://";
constexpr size_t longest = 1024;

Error wrong() {
  return {ErrorCode::invalid_argument, "That is no HTTP proxy.", "Write it as http://USER:PASSWORD@HOST:PORT, or http://HOST:PORT."};
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::optional<uint8_t> hex_byte(std::string_view digits) {
  uint8_t value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2) return std::nullopt;
  return value;
}

std::optional<std::string> unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    auto value = hex_byte(text.substr(i + 1, 2));
    if (!value) return std::nullopt;
    out += static_cast<char>(*value);
    i += 2;
  }
  return out;
}

bool read_credentials(std::string_view text, ProxySetting& out) {
  size_t colon = std::min(text.find(':'), text.size());
  auto user = unescape(text.substr(0, colon));
  auto password = unescape(text.substr(std::min(colon + 1, text.size())));
  // RFC 7617: a user name with a colon cannot be told from its password.
  if (!user || !password || user->empty() || user->find(':') != std::string::npos) return false;
  out.user = *user;
  out.password = *password;
  return true;
}

bool read_authority(std::string_view text, ProxySetting& out) {
  size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string_view host = text.substr(0, colon), port = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos) return false;
  auto plain = [](char c) { return c > ' ' && c < 0x7f && c != '/' && c != '?' && c != '#' && c != '[' && c != ']'; };
  if (host.empty() || !std::ranges::all_of(host, plain)) return false;
  auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  out.host = host;
  return error == std::errc() && end == port.data() + port.size() && out.port != 0;
}

bool is_own(const std::string& host) {
  return host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") || host == "::1";
}

std::vector<std::string> names(std::string_view list) {
  std::vector<std::string> out;
  while (!list.empty()) {
    size_t comma = std::min(list.find(','), list.size());
    std::string_view name = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    while (!name.empty() && (name.front() == ' ' || name.front() == '.')) name.remove_prefix(1);
    while (!name.empty() && name.back() == ' ') name.remove_suffix(1);
    if (!name.empty()) out.push_back(lower(name));
  }
  return out;
}

const char* either(const std::function<const char*(const char*)>& variable, const char* first, const char* second) {
  const char* value = variable(first);
  return value ? value : variable(second);
}

}  // namespace

bool ProxySetting::applies_to(const std::string& wanted) const {
  std::string name = lower(wanted);
  return !is_own(name) && std::ranges::none_of(direct, [&](const std::string& except) {
    return except == "*" || name == except || name.ends_with("." + except);
  });
}

Result<ProxySetting> parse_proxy(std::string_view text) {
  if (text.size() > longest || lower(text.substr(0, scheme.size())) != scheme) return wrong();
  text.remove_prefix(scheme.size());
  if (text.ends_with('/')) text.remove_suffix(1);
  ProxySetting out;
  size_t at = text.rfind('@');
  if (at != std::string_view::npos) {
    if (!read_credentials(text.substr(0, at), out)) return wrong();
    text.remove_prefix(at + 1);
  }
  if (!read_authority(text, out)) return wrong();
  return out;
}

Result<std::optional<ProxySetting>> proxy_from_environment(const std::function<const char*(const char*)>& variable) {
  const char* text = either(variable, "https_proxy", "HTTPS_PROXY");
  if (!text || !*text) return std::optional<ProxySetting>();
  auto proxy = parse_proxy(text);
  if (!proxy) return proxy.error();
  const char* except = either(variable, "no_proxy", "NO_PROXY");
  if (except) proxy->direct = names(except);
  return std::optional(proxy.take());
}

}  // namespace drawbridge
