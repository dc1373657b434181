#include "protocol/admin/value.hpp"

#include <catch2/catch.hpp>

using namespace drawbridge;
using admin::Value;

namespace {

Value sample() {
  return Value::map({{"name", "Cabinet Lef\xc3\xa8vre"},
                     {"port", 5432},
                     {"offset", int64_t{-7}},
                     {"huge", UINT64_MAX},
                     {"rtt_ms", 1.25},
                     {"until", nullptr},
                     {"ok", true},
                     {"raw", Bytes{0, 255}},
                     {"grants", Value::array({"files", "db"})}});
}

Bytes nested(size_t depth) {
  Bytes bytes(depth, 0x91);
  bytes.push_back(0xc0);
  return bytes;
}

}  // namespace

TEST_CASE("a document comes back as it was, in the same order") {
  auto decoded = admin::decode(admin::encode(sample()));
  REQUIRE(decoded.ok());
  CHECK(decoded.value() == sample());
  CHECK(decoded->as_map()->front().first == "name");
}

TEST_CASE("fields are read by name, and absent or foreign ones are empty") {
  Value value = sample();
  CHECK(value.uint("port") == 5432u);
  CHECK(value.uint("huge") == UINT64_MAX);
  CHECK_FALSE(value.uint("offset"));
  CHECK(value.real("rtt_ms") == 1.25);
  CHECK(value.real("port") == 5432.0);
  CHECK(value.text("nothing").empty());
  CHECK(value.text("port").empty());
  CHECK(value.flag("ok"));
  CHECK(value.items("grants").size() == 2);
  CHECK(value.items("name").empty());
  REQUIRE(value.find("until"));
  CHECK(value.find("until")->is_null());
}

TEST_CASE("set replaces an entry and keeps its place") {
  Value value = sample();
  value.set("port", 1).set("new", 2);
  CHECK(value.uint("port") == 1u);
  CHECK(value.as_map()->at(1).first == "port");
  CHECK(value.as_map()->back().first == "new");
}

TEST_CASE("values nested to the limit are accepted and one deeper refused") {
  CHECK(admin::decode(nested(admin::max_value_depth)).ok());
  CHECK_FALSE(admin::decode(nested(admin::max_value_depth + 1)).ok());
  CHECK_FALSE(admin::decode(nested(100000)).ok());
}

TEST_CASE("a map with one key twice is refused") {
  CHECK(admin::decode(from_hex("82a16101a16202")).ok());
  CHECK_FALSE(admin::decode(from_hex("82a16101a16102")).ok());
}

TEST_CASE("every truncation and every trailing byte of a document is refused") {
  Bytes whole = admin::encode(sample());
  for (size_t length = 0; length < whole.size(); ++length)
    CHECK_FALSE(admin::decode(ByteView(whole).first(length)).ok());
  whole.push_back(0xc0);
  CHECK_FALSE(admin::decode(whole).ok());
}
