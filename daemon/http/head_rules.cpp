#include "daemon/http/head_rules.hpp"

#include <algorithm>
#include <array>

#include "daemon/web/request_site.hpp"

namespace drawbridge::http {
namespace {

using web::equal_ignoring_case;

constexpr std::array<std::string_view, 11> of_this_hop = {
    "Connection", "Keep-Alive",        "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE",
    "Trailer",    "Transfer-Encoding", "Upgrade",          "Content-Length",     "HTTP2-Settings"};

bool listed_in_connection(const Head& head, std::string_view name) {
  bool found = false;
  for (const Header& header : head.headers) {
    if (!equal_ignoring_case(header.name, "Connection")) continue;
    each_part(header.value, ',', [&](std::string_view part) { found = found || equal_ignoring_case(part, name); });
  }
  return found;
}

Refusal bad_request(const char* message) {
  return {400, message};
}

bool reads_only(const std::string& method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

// A list over several headers, as one.
std::string joined(const Head& head, std::string_view name) {
  std::string out;
  for (const Header& header : head.headers) {
    if (equal_ignoring_case(header.name, name)) out += (out.empty() ? "" : ", ") + header.value;
  }
  return out;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool stays_here(const Head& head, std::string_view name) {
  bool fixed = std::any_of(of_this_hop.begin(), of_this_hop.end(),
                           [&](std::string_view one) { return equal_ignoring_case(one, name); });
  return fixed || (!equal_ignoring_case(name, "Host") && listed_in_connection(head, name));
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

bool asks_for_websocket(const Head& head) {
  return head.upgrade && equal_ignoring_case(trimmed(joined(head, "Upgrade")), "websocket");
}

std::optional<Refusal> check_request(const Head& head) {
  if (head.method == "CONNECT" || head.method == "TRACE") return Refusal{405, "This kind of request is not carried."};
  bool whole_server = head.target == "*" && head.method == "OPTIONS";
  if (!head.target.starts_with('/') && !whole_server) return bad_request("The address is not a path.");
  if (count_headers(head, "Host") != 1) return bad_request("The request names no host, or several.");
  size_t encodings = count_headers(head, "Transfer-Encoding"), lengths = count_headers(head, "Content-Length");
  if ((encodings && lengths) || encodings > 1 || lengths > 1)
    return bad_request("The request says its length in two ways.");
  if (encodings &&
      (!equal_ignoring_case(trimmed(header_value(head, "Transfer-Encoding")), "chunked") || head.minor == 0)) {
    return bad_request("The request has a coding that is not carried.");
  }
  for (const char* once : {"Origin", "Sec-Fetch-Site"}) {
    if (count_headers(head, once) > 1) return bad_request("The request names its origin twice.");
  }
  if (asks_for_websocket(head) && (head.chunked || head.length.value_or(0) > 0))
    return bad_request("An upgrade has no body.");
  return std::nullopt;
}

std::optional<Refusal> check_site(const Head& head) {
  if (reads_only(head.method) && !asks_for_websocket(head)) return std::nullopt;
  web::RequestSite site{header_value(head, "Host"), header_value(head, "Origin"), header_value(head, "Sec-Fetch-Site")};
  if (web::may_change(site)) return std::nullopt;
  return Refusal{403, "Another site asked for this."};
}

}  // namespace drawbridge::http
