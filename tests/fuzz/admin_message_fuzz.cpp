// What anybody who may open the control socket can send: frames, and the documents in them.
#include "protocol/admin/framing.hpp"
#include "protocol/admin/message.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace drawbridge;

namespace {

// An accepted document has no twin: written again it gives the same bytes.
void check_document(ByteView content) {
  auto document = admin::decode(content);
  if (document) fuzz::require(equal(admin::encode(*document), content), "one document has one encoding");
  auto request = admin::decode_request(content);
  if (request) fuzz::require(equal(admin::encode(*request), content), "one request has one encoding");
  auto response = admin::decode_response(content);
  if (response) fuzz::require(equal(admin::encode(*response), content), "one response has one encoding");
}

Bytes framed(ByteView content) {
  Bytes frame;
  (void)admin::append_frame(frame, content);
  return frame;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  check_document({data, size});
  admin::FrameDecoder decoder;
  decoder.feed({data, size});
  while (true) {
    auto frame = decoder.next();
    if (!frame || !*frame) return 0;
    fuzz::require((*frame)->size() <= size, "a frame holds no more than was sent");
    check_document(**frame);
  }
}

std::vector<Bytes> fuzz::samples() {
  using admin::Value;
  Value args = Value::map({{"device", "laptop"},
                           {"services", Value::array({"files", "db"})},
                           {"until", nullptr},
                           {"n", -70000},
                           {"x", 1.5}});
  Bytes request = admin::encode(admin::Request{7, "allow", args});
  Bytes result = admin::encode(admin::success(7, Value::array({args, Bytes(40, 1), UINT64_MAX}), true));
  Bytes failure = admin::encode(admin::failed(7, {ErrorCode::not_found, "No such device.", ""}));
  return {request, result, failure, framed(request), framed(result)};
}
