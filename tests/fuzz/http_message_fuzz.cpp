// HTTP messages with their bodies, whole and in pieces: where a message ends must not depend on how it arrives. The first
// byte says whether it is a request (even) or a response, the second where it is cut.
#include "daemon/http/message_parser.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace drawbridge;
using namespace drawbridge::http;

namespace {

struct Outcome {
  bool complete = false, failed = false;
  size_t used = 0;
  Bytes body;
};

// In pieces of `step` bytes.
Outcome read(MessageParser::Kind kind, ByteView bytes, size_t step) {
  MessageParser parser(kind);
  Outcome outcome;
  auto sink = [&](ByteView piece) { append(outcome.body, piece); };
  for (int idle = 0; outcome.used < bytes.size() && !outcome.complete && !outcome.failed && idle < 3;) {
    size_t used = 0;
    ByteView piece = bytes.subspan(outcome.used, std::min(step, bytes.size() - outcome.used));
    auto progress = parser.feed(piece, used, sink);
    fuzz::require(used <= piece.size(), "no more is taken than was given");
    outcome.used += used;
    outcome.complete = progress == MessageParser::Progress::complete;
    outcome.failed = progress == MessageParser::Progress::failed;
    idle = used == 0 ? idle + 1 : 0;
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  auto kind = data[0] % 2 == 0 ? MessageParser::Kind::request : MessageParser::Kind::response;
  ByteView bytes(data + 2, size - 2);
  Outcome whole = read(kind, bytes, std::max<size_t>(bytes.size(), 1)), pieces = read(kind, bytes, 1 + data[1] % 50);
  if (whole.failed || pieces.failed) return 0;
  fuzz::require(whole.complete == pieces.complete, "a message ends whether it comes whole or in pieces");
  if (!whole.complete) return 0;
  fuzz::require(equal(whole.body, pieces.body), "a body is the same whole and in pieces");
  fuzz::require(whole.used == pieces.used, "a message ends at the same byte whole and in pieces");
  return 0;
}

std::vector<Bytes> fuzz::samples() {
  std::vector<Bytes> inputs;
  for (std::string_view text : {"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\n\r\n",
                                "PUT /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nTrailer: x\r\n\r\nGET", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"}) {
    inputs.push_back(fuzz::of_kind(0, fuzz::of_kind(6, text)));
  }
  for (std::string_view text : {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n"}) {
    inputs.push_back(fuzz::of_kind(1, fuzz::of_kind(6, text)));
  }
  return inputs;
}
