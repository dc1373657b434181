// What every reader of HTTP heads here agrees on: which requests are carried at all, and which headers belong to one hop
// (RFC 9110 7.6.1). Pure.
#pragma once

#include <optional>
#include <string>

#include "daemon/http/message_parser.hpp"

namespace drawbridge::http {

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

// Whether the header belongs to this hop and is not passed on. Host never does, whatever Connection lists.
bool stays_here(const Head& head, std::string_view name);

void append_header(std::string& out, std::string_view name, std::string_view value);

// Without spaces and tabs around it.
std::string_view trimmed(std::string_view text);

// Calls `take` with each trimmed part of a list.
template <typename Take>
void each_part(std::string_view list, char separator, Take take) {
  while (!list.empty()) {
    size_t end = std::min(list.find(separator), list.size());
    take(trimmed(list.substr(0, end)));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
}

}  // namespace drawbridge::http
