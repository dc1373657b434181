// Target: where a service of this office is, as the owner wrote it.
#pragma once

#include <string>
#include <vector>

#include "keys/result.hpp"

namespace drawbridge {

struct Target {
  enum class Kind { tcp, udp, http, unix_socket, folder, command, page };
  Kind kind = Kind::tcp;
  std::string host;   // tcp, udp, http: name or address, without brackets
  uint16_t port = 0;  // tcp, udp, http
  std::string path;   // unix_socket, folder: absolute; command: a line for the shell
  bool read_only = false;  // folder
};

// "host:port", "[2001:db8::1]:port", "udp:host:port", "http://host:port", "unix:/path", "folder:/path", "folder:ro:/path",
// "command:PROGRAM ARGUMENTS", "office-page" (the office's own page). `invalid_argument` names what is wrong and which
// forms there are.
Result<Target> parse_target(const std::string& text);

// The kind's name in the service list: "tcp", "udp", "http", "unix", "folder", "command", "page".
const char* kind_name(Target::Kind kind);
// The port proposed to devices; 0: none.
uint16_t native_port(const Target& target);
// HOST:PORT as a Host header says it: brackets around an IPv6 address, no port if it is HTTP's own.
std::string authority(const Target& target);

}  // namespace drawbridge
