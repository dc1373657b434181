#include "protocol/relay/relay_url.hpp"

#include <charconv>

#include "protocol/base/address.hpp"

namespace drawbridge::relay {
namespace {

using Transport = RelayUrl::Transport;

struct Scheme {
  std::string_view name;
  Transport transport;
  uint16_t port;
};
constexpr Scheme schemes[] = {
    {"udp://", Transport::udp, default_udp_port}, {"wss://", Transport::wss, 443}, {"ws://", Transport::ws, 80}};

const Scheme& scheme_of(Transport transport) {
  for (const Scheme& scheme : schemes) {
    if (scheme.transport == transport) return scheme;
  }
  return schemes[0];
}

Error refused(const std::string& what) {
  return {ErrorCode::invalid_argument, what,
          "Write it as udp://HOST:PORT#KEY or wss://HOST/PATH#KEY, as the relay's operator gave it."};
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool is_address_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
}

bool all(std::string_view text, bool (*allowed)(char)) {
  for (char c : text) {
    if (!allowed(c)) return false;
  }
  return !text.empty();
}

bool read_port(std::string_view text, uint16_t& port) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port != 0;
}

// "host", "host:port", "[v6]" or "[v6]:port".
Result<void> read_authority(std::string_view text, RelayUrl& url) {
  size_t end = text.find(':');
  bool v6 = !text.empty() && text[0] == '[';
  if (v6) {
    size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) return refused("The relay's address lacks its closing bracket.");
    url.host = std::string(text.substr(1, bracket - 1));
    end = bracket + 1 < text.size() ? bracket + 1 : std::string_view::npos;
    if (end != std::string_view::npos && text[end] != ':') return refused("The relay's port is not a number.");
  } else {
    url.host = std::string(text.substr(0, end));
  }
  if (url.host.size() > 253 || !all(url.host, v6 ? is_address_character : is_host_character))
    return refused("The relay's host name is not one.");
  auto address = parse_socket_address((v6 ? "[" + url.host + "]" : url.host) + ":1");
  if (address && address->is_unspecified()) return refused(url.host + " is not an address that others can reach.");
  if (end != std::string_view::npos && !read_port(text.substr(end + 1), url.port))
    return refused("The relay's port is not a number from 1 to 65535.");
  return {};
}

bool is_path_character(char c) {
  return c > ' ' && c < 0x7f && c != '?' && c != '#' && c != '"' && c != '\\';
}

}  // namespace

Result<RelayUrl> parse_relay_url(std::string_view text) {
  if (text.size() > limits::relay_url_bytes * 2) return refused("This is too long for the URL of a relay.");
  RelayUrl url;
  bool known = false;
  for (const Scheme& scheme : schemes) {
    if (!text.starts_with(scheme.name)) continue;
    known = true;
    url.transport = scheme.transport;
    url.port = scheme.port;
    text.remove_prefix(scheme.name.size());
  }
  if (!known) return refused("This is not the URL of a relay.");
  size_t hash = text.find('#');
  if (hash == std::string_view::npos) return refused("The relay's key is missing after #.");
  auto id = parse_device_id(text.substr(hash + 1));
  if (!id) return Error{ErrorCode::invalid_argument, "In the relay's key: " + id.error().message, id.error().remedy};
  auto key = relay_key_of(*id);
  if (!key) return key.error();
  url.key = *key;
  text = text.substr(0, hash);
  size_t slash = text.find('/');
  if (auto read = read_authority(text.substr(0, slash), url); !read) return read.error();
  if (slash != std::string_view::npos) url.path = std::string(text.substr(slash));
  if (url.transport == Transport::udp) {
    if (url.path.size() > 1) return refused("A udp:// relay has no path.");
    url.path.clear();
  } else if (url.path.size() <= 1) {
    url.path = default_path;
  }
  if (!url.path.empty() && !all(url.path, is_path_character)) return refused("The relay's path has characters that do not belong there.");
  return url;
}

std::string to_text(const RelayUrl& url) {
  const Scheme& scheme = scheme_of(url.transport);
  std::string out(scheme.name);
  out += url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
  if (url.port != scheme.port) out += ":" + std::to_string(url.port);
  if (url.path != default_path) out += url.path;
  return out + "#" + to_text(url.key.id);
}

}  // namespace drawbridge::relay
