#include "protocol/traversal/fixed_address.hpp"

#include <catch2/catch.hpp>

using namespace drawbridge;
using namespace drawbridge::traversal;

namespace {

std::string read(const char* text) {
  auto address = parse_fixed_address(text);
  return address ? to_text(*address) : "refused: " + address.error().message;
}

}  // namespace

TEST_CASE("names and addresses with a port are read, in one form") {
  CHECK(read("office.example.org:7470") == "office.example.org:7470");
  CHECK(read("Office.DynDNS.org:1") == "office.dyndns.org:1");
  CHECK(read("203.0.113.7:65535") == "203.0.113.7:65535");
  CHECK(read("[2001:DB8:0::1]:7470") == "[2001:db8::1]:7470");
  CHECK(read("server:7470") == "server:7470");
}

TEST_CASE("what is no address of an office is refused with the reason") {
  for (const char* text : {"", ":7470", "office.example.org", "203.0.113.7", "[2001:db8::1]"})
    CHECK(read(text) == "refused: The port is missing.");
  for (const char* text : {"office:0", "office:65536", "office:", "office:+1", "office:7470x"})
    CHECK(read(text) == "refused: The port is not a number from 1 to 65535.");
  for (const char* text : {"office..org:1", "-office:1", "off ice:1", "203.0.113.256:1", "203.0.113:1", "office.42:1", "[::g]:1", "2001:db8::1"})
    CHECK_THAT(read(text), Catch::EndsWith("is neither a name nor an address."));
  for (const char* text : {"0.0.0.0:1", "127.0.0.1:1", "224.0.0.1:1", "169.254.1.1:1", "[::1]:1", "[::]:1"})
    CHECK(read(text) == "refused: No other computer reaches this one at that address.");
  CHECK_FALSE(parse_fixed_address(std::string(300, 'a') + ":1"));
}
