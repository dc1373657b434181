// What the gateway changes in heads on their way, and what it refuses. Pure.
#pragma once

#include <optional>
#include <string>

#include "daemon/gateway/message_parser.hpp"

namespace drawbridge::gateway {

struct Refusal {
  unsigned status = 0;
  std::string message;  // one sentence for people
};

// Requests that two readers could take in two ways, and those that a gateway does not carry: several or no Host,
// Content-Length beside Transfer-Encoding, other codings than chunked, absolute targets, CONNECT and TRACE, upgrades
// to anything but websocket, upgrades with a body.
std::optional<Refusal> check_request(const Head& head);
// A change or an upgrade that another site's page may be behind: 403.
std::optional<Refusal> check_site(const Head& head);

bool asks_for_websocket(const Head& head);

// As the office's program sees it: HTTP/1.1, the Host as the browser sent it, no headers of this hop; `Connection` and
// framing are ours. A body follows in chunks if head.chunked, else with its length.
std::string request_for_service(const Head& head);

struct ResponseForm {
  bool chunk = false;     // the body goes out in chunks
  bool close = false;     // the connection ends after it
  bool bodiless = false;  // 1xx, 204, 304, or an answer to HEAD: framing headers stay as they are, nothing follows
};
// As the browser sees it: no headers of this hop, no Domain in cookies; `Connection` and framing are ours.
std::string response_for_browser(const Head& head, const ResponseForm& form);

// Without its Domain attribute a cookie belongs to the very service that set it.
std::string without_domain(std::string_view set_cookie);

}  // namespace drawbridge::gateway
