// The HTTP that surrounds a WebSocket: one request, one answer. docs/spec/relay.md, WebSocket.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "keys/bytes.hpp"
#include "protocol/base/address.hpp"

namespace drawbridge::upgrade {

inline constexpr size_t head_longest = 8 * 1024;
inline constexpr std::string_view protocol_name = "drawbridge.1";

struct Request {
  std::string method, target;
  bool upgrades = false;           // asks for a WebSocket of version 13
  std::string key;                 // Sec-WebSocket-Key
  bool offers_protocol = false;    // drawbridge.1
  Bytes hello;                     // the HELLO among the protocols; empty: none
  std::string forwarded_for;       // last X-Forwarded-For
  std::string host;                // Host; empty unless there is exactly one
  std::string if_none_match;
  bool takes_brotli = false;
  // Another request may follow: nothing asks to close, and nothing says that there is a body, which nobody here reads.
  bool keeps_open = true;
};

// Length of the head at the beginning of `text`, its empty line included; 0: not there yet.
size_t head_length(std::string_view text);
// Nothing: no HTTP/1.1 request.
std::optional<Request> parse_request(std::string_view head);

std::string switching_answer(const Request& request);
std::string page_answer(int status, std::string_view type, std::string_view body);

// The client's side.
std::string upgrade_request(const std::string& host, const std::string& path, const std::string& key, ByteView hello);
bool accepts(std::string_view head, const std::string& key);
// Whether this is no answer of `host` but of a network that wants somebody to sign in (a captive portal): it sends us to
// another host (with "www." in front it is the same one), or says so (511, RFC 6585). Pages that look like any other are not told from those of a wrong URL.
bool is_captive_portal(std::string_view head, std::string_view host);
// CONNECT with basic authentication if `user` is not empty.
std::string connect_request(const std::string& target, const std::string& user, const std::string& password);
int status_of(std::string_view head);  // 0: not HTTP

}  // namespace drawbridge::upgrade
