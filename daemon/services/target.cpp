#include "daemon/services/target.hpp"

#include <algorithm>
#include <charconv>

namespace drawbridge {
namespace {

constexpr const char* forms = "Write host:port, udp:host:port, http://host:port, unix:/path/to/socket, folder:/path/to/folder, command:PROGRAM or office-page.";
constexpr uint16_t web_port = 80;  // a folder is a page for browsers

Error invalid(const std::string& message) {
  return {ErrorCode::invalid_argument, message, forms};
}

Result<Target> with_path(Target::Kind kind, const std::string& path) {
  bool plain = std::none_of(path.begin(), path.end(), [](char c) { return c == '\0' || c == '\n'; });
  if (path.empty() || path.front() != '/' || !plain) return invalid("'" + path + "' is not an absolute path.");
  // sockaddr_un holds 107 characters.
  if (kind == Target::Kind::unix_socket && path.size() > 107)
    return invalid("The path of a Unix socket has at most 107 characters.");
  return Target{kind, "", 0, path, false};
}

bool parse_port(const std::string& text, uint16_t& port) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port != 0;
}

bool is_host(const std::string& host) {
  auto allowed = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_' || c == ':' || c == '%';
  };
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), allowed);
}

Result<Target> host_and_port(const std::string& text) {
  size_t colon = text.rfind(':');
  if (colon == std::string::npos) return invalid("'" + text + "' has no port.");
  Target target;
  target.host = text.substr(0, colon);
  bool bracketed = target.host.size() > 2 && target.host.front() == '[' && target.host.back() == ']';
  if (bracketed) target.host = target.host.substr(1, target.host.size() - 2);
  bool bare_colon = !bracketed && target.host.find(':') != std::string::npos;
  if (bare_colon)
    return invalid("An IPv6 address stands in brackets: [" + target.host + "]:" + text.substr(colon + 1) + ".");
  if (!is_host(target.host)) return invalid("'" + target.host + "' is not a host name or address.");
  if (!parse_port(text.substr(colon + 1), target.port))
    return invalid("'" + text.substr(colon + 1) + "' is not a port (1 to 65535).");
  return target;
}

Result<Target> command_line(const std::string& line) {
  bool plain = std::none_of(line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  bool empty = line.find_first_not_of(' ') == std::string::npos;
  if (empty || !plain) return invalid("A command is one line with a program's name.");
  return Target{Target::Kind::command, "", 0, line, false};
}

// "host", "host:port", perhaps with the slash that browsers show.
Result<Target> web_address(std::string text) {
  if (text.ends_with('/')) text.pop_back();
  if (text.find('/') != std::string::npos) return invalid("'" + text + "' names a path; a service is a whole site.");
  bool has_port = text.rfind(':') != std::string::npos && !text.ends_with(']');
  auto target = host_and_port(has_port ? text : text + ":" + std::to_string(web_port));
  if (target) target->kind = Target::Kind::http;
  return target;
}

}  // namespace

Result<Target> parse_target(const std::string& text) {
  if (text.size() > 4096) return invalid("The target is too long.");
  if (text == "office-page") return Target{Target::Kind::page, "", 0, "", false};
  if (text.starts_with("unix:")) return with_path(Target::Kind::unix_socket, text.substr(5));
  if (text.starts_with("folder:ro:")) {
    auto target = with_path(Target::Kind::folder, text.substr(10));
    if (target) target->read_only = true;
    return target;
  }
  if (text.starts_with("folder:")) return with_path(Target::Kind::folder, text.substr(7));
  if (text.starts_with("udp:")) {
    auto target = host_and_port(text.substr(4));
    if (target) target->kind = Target::Kind::udp;
    return target;
  }
  if (text.starts_with("http://")) return web_address(text.substr(7));
  if (text.starts_with("https:")) {
    return Error{ErrorCode::invalid_argument, "A service cannot be an https: target.",
                 "Its own connection is encrypted already: expose the program's port without TLS as http://host:port, or the one with TLS as host:port."};
  }
  if (text.starts_with("command:")) return command_line(text.substr(8));
  if (text.starts_with("http:")) return invalid("An http target begins with http://.");
  return host_and_port(text);
}

const char* kind_name(Target::Kind kind) {
  switch (kind) {
    case Target::Kind::tcp:
      return "tcp";
    case Target::Kind::udp:
      return "udp";
    case Target::Kind::http:
      return "http";
    case Target::Kind::unix_socket:
      return "unix";
    case Target::Kind::folder:
      return "folder";
    case Target::Kind::command:
      return "command";
    case Target::Kind::page:
      return "page";
  }
  return "tcp";
}

uint16_t native_port(const Target& target) {
  switch (target.kind) {
    case Target::Kind::tcp:
    case Target::Kind::udp:
    case Target::Kind::http:
      return target.port;
    case Target::Kind::unix_socket:
    case Target::Kind::command:
      return 0;
    case Target::Kind::folder:
    case Target::Kind::page:
      return web_port;
  }
  return 0;
}

std::string authority(const Target& target) {
  std::string host = target.host.find(':') == std::string::npos ? target.host : "[" + target.host + "]";
  return target.port == web_port ? host : host + ":" + std::to_string(target.port);
}

}  // namespace drawbridge
