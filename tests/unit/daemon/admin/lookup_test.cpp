#include "daemon/admin/lookup.hpp"

#include <catch2/catch.hpp>

using namespace drawbridge;
using namespace drawbridge::admin;

namespace {

DeviceId id(uint8_t first) {
  DeviceId out;
  out.bytes.fill(first);
  return out;
}

const std::vector<Named> three = {{id(1), "laptop"}, {id(2), "phone"}, {id(3), "phone"}};

}  // namespace

TEST_CASE("a name, a whole id or its beginning finds the one that is meant") {
  CHECK(*find_named(three, "laptop", "device") == 0);
  CHECK(*find_named(three, to_text(id(2)), "device") == 1);
  CHECK(*find_named(three, to_text(id(3)).substr(0, 9), "device") == 2);
}

TEST_CASE("a name that several have is refused, and they are listed") {
  auto found = find_named(three, "phone", "device");
  REQUIRE_FALSE(found.ok());
  CHECK(found.error().code == ErrorCode::invalid_argument);
  CHECK(found.error().message.find(short_text(id(2))) != std::string::npos);
  CHECK(found.error().message.find(short_text(id(3))) != std::string::npos);
}

TEST_CASE("a beginning that is too short or belongs to nobody is not found") {
  CHECK(find_named(three, to_text(id(1)).substr(0, 6), "device").error().code == ErrorCode::not_found);
  CHECK(find_named(three, "tablet", "device").error().code == ErrorCode::not_found);
  CHECK(find_named({}, "laptop", "device").error().code == ErrorCode::not_found);
}

TEST_CASE("a device may be called like another's id begins: the name comes first") {
  std::vector<Named> odd = {{id(1), "x"}, {id(2), to_text(id(1)).substr(0, 9)}};
  CHECK(*find_named(odd, odd[1].name, "device") == 1);
}
