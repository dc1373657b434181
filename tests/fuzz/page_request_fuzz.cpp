// A request to the office's page: head and JSON. Whatever comes, it is one of the page's own requests or refused, and JSON
// that is read is written again as the same.
#include <algorithm>

#include "daemon/http/head_check.hpp"
#include "daemon/office_page/json.hpp"
#include "daemon/office_page/page_rules.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace drawbridge;
using namespace drawbridge::office_page;

namespace {

void check_json(std::string_view text) {
  auto value = from_json(text);
  if (!value) return;
  auto again = from_json(to_json(*value));
  fuzz::require(text.size() * 2 > longest_request_json || (again && to_json(*again) == to_json(*value)), "JSON that was read is written as the same");
}

void check_request(ByteView bytes) {
  http::HeadCheck check = http::check_head(as_text(bytes));
  if (check.kind != http::HeadCheck::Kind::complete) return check_json(as_text(bytes));
  http::MessageParser parser(http::MessageParser::Kind::request);
  size_t used = 0;
  if (parser.feed(bytes.first(check.length), used, [](ByteView) {}) != http::MessageParser::Progress::head) return;
  auto read = read_page_request(parser.head(), "office.localhost:1");
  (void)session_cookie(parser.head());
  const auto* request = std::get_if<PageRequest>(&read);
  if (!request) return;
  fuzz::require(http::count_headers(parser.head(), "Host") == 1, "a request names one host");
  fuzz::require((request->kind == PageRequest::Kind::asset) == (request->asset != nullptr), "a file is asked for, or something is done");
  fuzz::require(request->asset || *parser.head().length <= longest_request_json, "a request is short");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  check_request({data, size});
  return 0;
}

std::vector<Bytes> fuzz::samples() {
  auto bytes = [](std::string_view text) { return to_bytes(as_bytes(text)); };
  return {bytes("GET / HTTP/1.1\r\nHost: office.localhost:1\r\n\r\n"),
          bytes("GET /.drawbridge/office/main.js?x HTTP/1.1\r\nHost: office.localhost:1\r\nCookie: a=b; drawbridge-page=00ff; c\r\n\r\n"),
          bytes("POST /call HTTP/1.1\r\nHost: office.localhost:1\r\nContent-Type: application/json; charset=utf-8\r\nSec-Fetch-Site: same-origin\r\n"
                "Origin: http://office.localhost:1\r\nContent-Length: 24\r\n\r\n{\"command\":\"overview\"}"),
          bytes("POST /session HTTP/1.1\r\nHost: office.localhost:1\r\nContent-Type: application/json\r\nOrigin: http://office.localhost:1\r\nContent-Length: 2\r\n\r\n{}"),
          bytes(R"({"command":"allow","args":{"device":"Phone","services":["files","é\u00e9\ud83d\ude00"],"until":null,"n":[0,-1,1.5e3,18446744073709551615,true]}})"),
          bytes("[[[[[[[[]]]]]]]]"), bytes(R"({"a":1,"a":2})")};
}
