#include "protocol/tunnel/frame.hpp"

#include <catch2/catch.hpp>

#include "protocol/base/limits.hpp"
#include "protocol/wire/msgpack.hpp"

using namespace drawbridge;
using namespace drawbridge::tunnel;

namespace {

ByteView payload_of(const Bytes& frame) { return ByteView(frame).subspan(frame_header_size); }

}  // namespace

TEST_CASE("a frame's header has eight bytes, big-endian, and comes back") {
  auto bytes = encode(FrameHeader{FrameKind::block, 0x010203, 0x04050607});
  CHECK(to_hex(bytes) == "1001020304050607");
  FrameHeader header = decode_header(bytes);
  CHECK(header.kind == FrameKind::block);
  CHECK(header.length == 0x010203);
  CHECK(header.argument == 0x04050607);
  CHECK(decode_header(encode(FrameHeader{FrameKind::end, frame_payload_max, UINT32_MAX})).length == frame_payload_max);
}

TEST_CASE("every frame says its kind and its payload's length") {
  for (const auto& [frame, kind] : std::vector<std::pair<Bytes, FrameKind>>{{encode_open("db"), FrameKind::open},
                                                                           {encode_accept(), FrameKind::accept},
                                                                           {encode_refuse(FlowReset::revoked, "x"), FrameKind::refuse},
                                                                           {encode_lane(4), FrameKind::lane}}) {
    CHECK(decode_header(frame).kind == kind);
    CHECK(decode_header(frame).length == frame.size() - frame_header_size);
    CHECK(decode_header(frame).argument == 0);
  }
}

TEST_CASE("an OPEN names its service") {
  CHECK(parse_open(payload_of(encode_open("postgres-12"))) == "postgres-12");
  Bytes longest = encode_open(std::string(limits::service_name_bytes, 'a'));
  CHECK(parse_open(payload_of(longest)));
}

TEST_CASE("an OPEN without a proper service name is refused") {
  for (const std::string& name : {std::string(), std::string("Files"), std::string("-a"), std::string("a-"), std::string("a b"),
                                  std::string("é"), std::string("a/b"), std::string(limits::service_name_bytes + 1, 'a')}) {
    CAPTURE(name);
    CHECK_FALSE(is_service_name(name));
    CHECK_FALSE(parse_open(payload_of(encode_open(name))));
  }
}

TEST_CASE("an OPEN that is cut short or goes on is refused") {
  Bytes payload = to_bytes(payload_of(encode_open("files")));
  for (size_t length = 0; length < payload.size(); ++length) CHECK_FALSE(parse_open(ByteView(payload).first(length)));
  payload.push_back(0);
  CHECK_FALSE(parse_open(payload));
}

TEST_CASE("a REFUSE carries its reason and text") {
  auto refusal = parse_refuse(payload_of(encode_refuse(FlowReset::target_refused, "Le programme est arrêté.")));
  REQUIRE(refusal);
  CHECK(refusal->reset == FlowReset::target_refused);
  CHECK(refusal->message == "Le programme est arrêté.");
}

TEST_CASE("a REFUSE's text that is too long is cut between two characters, so that it can still be read") {
  for (size_t lead : {0, 1}) {
    std::string text(lead, 'x');
    while (text.size() < 2 * limits::text_bytes) text += "é";
    auto refusal = parse_refuse(payload_of(encode_refuse(FlowReset::aborted, text)));
    REQUIRE(refusal);
    CHECK(refusal->message.size() == limits::text_bytes - lead);
    CHECK(text.starts_with(refusal->message));
  }
}

TEST_CASE("a REFUSE with a longer text, another shape or bytes behind it is refused") {
  auto written = [](auto&& write) {
    Bytes bytes;
    msgpack::Writer writer(bytes);
    write(writer);
    return bytes;
  };
  CHECK_FALSE(parse_refuse(written([](auto& w) { w.array(2).uint(1).str(std::string(limits::text_bytes + 1, 'x')); })));
  CHECK_FALSE(parse_refuse(written([](auto& w) { w.array(2).uint(256).str("x"); })));
  CHECK_FALSE(parse_refuse(written([](auto& w) { w.array(1).uint(1); })));
  CHECK_FALSE(parse_refuse(written([](auto& w) { w.array(3).uint(1).str("x").nil(); })));
  CHECK_FALSE(parse_refuse(written([](auto& w) { w.array(2).uint(1).str("\xff"); })));
  CHECK_FALSE(parse_refuse(written([](auto& w) { w.array(2).uint(1).str("x").nil(); })));
}

TEST_CASE("an unknown reason of a newer peer still has a name") {
  auto refusal = parse_refuse(payload_of(encode_refuse(static_cast<FlowReset>(200), "new")));
  REQUIRE(refusal);
  CHECK(std::string(reset_name(refusal->reset)) == "aborted");
}

TEST_CASE("a LANE names a stream in exactly eight bytes") {
  CHECK(parse_lane(payload_of(encode_lane(0x0102030405060708))) == 0x0102030405060708);
  CHECK(parse_lane(payload_of(encode_lane(UINT64_MAX))) == UINT64_MAX);
  CHECK_FALSE(parse_lane(Bytes(7)));
  CHECK_FALSE(parse_lane(Bytes(9)));
  CHECK_FALSE(parse_lane({}));
}
