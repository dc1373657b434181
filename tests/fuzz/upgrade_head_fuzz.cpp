// The HTTP around a WebSocket, at both ends: what a client asks of a relay, what a relay or a proxy answers.
#include "daemon/relay/upgrade_head.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace drawbridge;
using namespace drawbridge::upgrade;

namespace {

constexpr const char* key = "dGhlIHNhbXBsZSBub25jZQ==";

bool is_one_head(std::string_view text) {
  size_t end = text.find("\r\n\r\n");
  return end != std::string_view::npos && (text.find("\r\n\r\n", end + 1) == std::string_view::npos || end + 4 <= text.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text = as_text({data, size});
  size_t length = head_length(text);
  fuzz::require(length <= size, "a head lies within what came");
  if (length > 0) fuzz::require(text.substr(0, length).ends_with("\r\n\r\n"), "a head ends with an empty line");
  if (auto request = parse_request(text.substr(0, length))) {
    fuzz::require(!request->method.empty() && !request->target.empty(), "a request asks for something");
    // What came as a header must not become another one in the answer.
    fuzz::require(is_one_head(switching_answer(*request)), "an answer is one head");
    fuzz::require(!request->upgrades || request->key.find_first_of("\r\n") == std::string::npos, "a key is one line");
  }
  (void)accepts(text.substr(0, length), key);
  (void)is_captive_portal(text.substr(0, length), "relay.example");
  int status = status_of(text);
  fuzz::require(status >= 0 && status <= 999, "a status has three digits");
  return 0;
}

std::vector<Bytes> fuzz::samples() {
  auto bytes = [](std::string_view text) { return to_bytes(as_bytes(text)); };
  Bytes hello(40, 7);
  std::string request = upgrade_request("relay.example", "/relay", key, hello);
  std::vector<Bytes> inputs{bytes(request), bytes("GET / HTTP/1.1\r\nHost: shell.example\r\nAccept-Encoding: gzip, br;q=0\r\nIf-None-Match: \"x\"\r\nX-Forwarded-For: 192.0.2.1, 192.0.2.2\r\n\r\n"),
                            bytes("POST / HTTP/1.1\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"), bytes("HTTP/1.1 302 Found\r\nLocation: http://portal.example/sign-in\r\n\r\n"), bytes("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"),
                            bytes(connect_request("relay.example:443", "user", "password"))};
  if (auto parsed = parse_request(request)) inputs.push_back(bytes(switching_answer(*parsed)));
  return inputs;
}
