#include "protocol/admin/message.hpp"

#include <catch2/catch.hpp>

#include "protocol/admin/framing.hpp"

using namespace drawbridge;
using admin::FrameDecoder;
using admin::Value;

TEST_CASE("a request comes back as it was") {
  auto request = admin::decode_request(admin::encode({7, "revoke", Value::map({{"device", "laptop"}})}));
  REQUIRE(request.ok());
  CHECK(request->id == 7);
  CHECK(request->command == "revoke");
  CHECK(request->args.text("device") == "laptop");
}

TEST_CASE("a request without arguments carries an empty map") {
  auto request = admin::decode_request(admin::encode(admin::Request{1, "status", {}}));
  REQUIRE(request.ok());
  CHECK(request->args.is_map());
}

TEST_CASE("results and failures come back as they were") {
  auto streamed = admin::decode_response(admin::encode(admin::success(3, Value::array({1, 2}), true)));
  REQUIRE(streamed.ok());
  CHECK(streamed->more);
  CHECK(streamed->result.items().size() == 2);
  auto refusal = admin::decode_response(
      admin::encode(admin::failed(4, {ErrorCode::not_found, "No such device.", "See devices."})));
  REQUIRE(refusal.ok());
  CHECK(refusal->failure == admin::Failure{"not_found", "No such device.", "See devices."});
  CHECK_FALSE(refusal->more);
}

TEST_CASE("documents that are no message are refused") {
  auto document = GENERATE(Value(1), Value::map(), Value::map({{"id", 1}}),
                           Value::map({{"id", -1}, {"command", "a"}, {"args", Value::map()}}),
                           Value::map({{"id", 1}, {"command", 2}, {"args", Value::map()}}),
                           Value::map({{"id", 1}, {"command", "a"}, {"args", 3}}),
                           Value::map({{"id", 1}, {"command", "a"}, {"args", Value::map()}, {"extra", 1}}));
  CHECK_FALSE(admin::decode_request(admin::encode(document)).ok());
  CHECK_FALSE(admin::decode_response(admin::encode(document)).ok());
}

TEST_CASE("frames are cut out of a stream that arrives byte by byte") {
  Bytes stream;
  REQUIRE(admin::append_frame(stream, as_bytes("first")).ok());
  REQUIRE(admin::append_frame(stream, as_bytes("second")).ok());
  FrameDecoder decoder;
  std::vector<std::string> frames;
  for (uint8_t byte : stream) {
    decoder.feed({&byte, 1});
    auto frame = decoder.next();
    REQUIRE(frame.ok());
    if (*frame) frames.push_back(to_string(**frame));
  }
  CHECK(frames == std::vector<std::string>{"first", "second"});
}

TEST_CASE("a failure that does not say in words what is wrong is no response") {
  for (Value remedy : {Value(1), Value(), Value(true), Value::map()}) {
    Value failure = Value::map({{"code", "not_found"}, {"message", "No such device."}, {"remedy", remedy}});
    CHECK_FALSE(admin::decode_response(admin::encode(Value::map({{"id", 7}, {"error", failure}}))).ok());
  }
}

TEST_CASE("bytes after the last frame are kept for the raw stream") {
  Bytes stream;
  REQUIRE(admin::append_frame(stream, as_bytes("ok")).ok());
  append(stream, as_bytes("SSH-2.0"));
  FrameDecoder decoder;
  decoder.feed(stream);
  REQUIRE(decoder.next().value().has_value());
  CHECK(as_text(decoder.take_rest()) == "SSH-2.0");
  CHECK(decoder.take_rest().empty());
}

TEST_CASE("a frame of no length or above the limit ends the stream") {
  for (auto header : {"00000000", "01000001", "ffffffff"}) {
    FrameDecoder decoder;
    decoder.feed(from_hex(header));
    CHECK_FALSE(decoder.next().ok());
    CHECK_FALSE(decoder.next().ok());
  }
  Bytes stream;
  CHECK_FALSE(admin::append_frame(stream, Bytes(admin::max_frame_length + 1)).ok());
  CHECK(stream.empty());
}
