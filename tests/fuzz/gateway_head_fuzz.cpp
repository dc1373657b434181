// HTTP heads on their way through the gateway. The first byte says from whom: the browser (0), the office's program (1),
// or the values of Host, Origin and Sec-Fetch-Site alone (2), one a line.
#include <algorithm>

#include "daemon/http/head_check.hpp"
#include "daemon/gateway/rewrite.hpp"
#include "daemon/web/request_site.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace drawbridge;
using namespace drawbridge::gateway;
using namespace drawbridge::http;

namespace {

std::optional<Head> read_head(MessageParser::Kind kind, ByteView bytes, size_t& used) {
  MessageParser parser(kind);
  auto progress = parser.feed(bytes, used, [](ByteView) {});
  if (progress != MessageParser::Progress::head && progress != MessageParser::Progress::complete) return std::nullopt;
  return parser.head();
}

// Lines end in CR LF, nothing else does, and the first empty one is the end: nothing can be smuggled behind it.
bool is_one_head(std::string_view text) {
  size_t empty = text.find("\r\n\r\n");
  if (empty == std::string_view::npos || empty + 4 != text.size() || text.find('\0') != std::string_view::npos) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) return false;
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) return false;
  }
  return true;
}

void check_request_head(ByteView bytes) {
  HeadCheck check = check_head(as_text(bytes));
  if (check.kind != HeadCheck::Kind::complete) return;
  fuzz::require(check.length <= bytes.size() && check.length <= longest_request_head, "a head ends within what came");
  fuzz::require(is_one_head(as_text(bytes.first(check.length))), "a checked head is one head");
  size_t used = 0;
  auto head = read_head(MessageParser::Kind::request, bytes, used);
  if (!head || check_request(*head) || check_site(*head)) return;
  // The parser may leave the last line feed for its next call.
  fuzz::require(used >= check.length - 1 || head->headers.empty(), "both readers see the same end of the head");
  std::string out = request_for_service(*head);
  fuzz::require(is_one_head(out), "what is sent on is one head");
  auto again = read_head(MessageParser::Kind::request, as_bytes(out), used);
  fuzz::require(again && again->method == head->method && again->target == head->target, "what is sent on asks for the same");
  fuzz::require(again->chunked == head->chunked && (head->chunked || again->length == head->length), "what is sent on has the same body");
  fuzz::require(count_headers(*again, "Host") == 1, "what is sent on names one host");
}

void check_response_head(ByteView bytes) {
  size_t used = 0;
  auto head = read_head(MessageParser::Kind::response, bytes, used);
  if (!head) return;
  for (bool bodiless : {false, true}) {
    std::string out = response_for_browser(*head, {.chunk = !bodiless && !head->length, .close = bodiless, .bodiless = bodiless});
    fuzz::require(is_one_head(out), "what a browser gets is one head");
    auto again = read_head(MessageParser::Kind::response, as_bytes(out), used);
    fuzz::require(again && again->status == head->status, "what a browser gets has the same status");
    for (const Header& header : again->headers) {
      bool cookie = web::equal_ignoring_case(header.name, "Set-Cookie");
      fuzz::require(!cookie || without_domain(header.value) == header.value, "no cookie names a domain");
    }
  }
}

void check_site_values(std::string_view text) {
  std::string_view lines[3];
  for (std::string_view& line : lines) {
    size_t end = std::min(text.find('\n'), text.size());
    line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (web::may_change({lines[0], lines[1], lines[2]})) {
    bool own = lines[2] == "same-origin" || lines[2] == "none";
    bool silent = lines[2].empty() && lines[1].empty();
    bool same = lines[2].empty() && lines[1].size() == lines[0].size() + 7 && !lines[0].empty();
    fuzz::require(own || silent || same, "only the very origin may change something");
  }
  if (web::is_local_host(lines[0])) {
    auto allowed = [](char c) { return (c >= '0' && c <= ':') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '[' || c == ']'; };
    fuzz::require(std::all_of(lines[0].begin(), lines[0].end(), allowed), "a local host has a host's characters");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  ByteView rest(data + 1, size - 1);
  switch (data[0] % 3) {
    case 0: check_request_head(rest); break;
    case 1: check_response_head(rest); break;
    default: check_site_values(as_text(rest));
  }
  return 0;
}

std::vector<Bytes> fuzz::samples() {
  return {of_kind(0, "GET /a?b=c HTTP/1.1\r\nHost: files.office.localhost:7480\r\nConnection: keep-alive, X-Old\r\nX-Old: 1\r\nCookie: a=b\r\n\r\n"),
          of_kind(0, "POST /x HTTP/1.1\r\nHost: wiki.office.localhost\r\nOrigin: http://wiki.office.localhost\r\nContent-Length: 3\r\n\r\nabc"),
          of_kind(0, "PUT /x HTTP/1.1\r\nHost: wiki.office.localhost\r\nSec-Fetch-Site: same-origin\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
          of_kind(0, "GET /ws HTTP/1.1\r\nHost: a.b.localhost\r\nOrigin: http://a.b.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
          of_kind(1, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: a=b; Domain=example.org; Path=/; domain = x\r\nContent-Length: 5\r\n\r\nhello"),
          of_kind(1, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n"),
          of_kind(1, "HTTP/1.0 304 Not Modified\r\nTransfer-Encoding: chunked\r\nX: a\r\n b\r\n\r\n"), of_kind(1, "HTTP/1.1 100 Continue\r\n\r\n"),
          of_kind(2, "files.office.localhost:7480\nhttp://files.office.localhost:7480\n"), of_kind(2, "[::1]:80\n\nsame-origin"),
          of_kind(2, "127.83.1.2\nhttp://evil.example\ncross-site")};
}
