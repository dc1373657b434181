#include "protocol/wire/msgpack.hpp"

#include <catch2/catch.hpp>

using namespace drawbridge;
using msgpack::Kind;
using msgpack::Reader;
using msgpack::Writer;

namespace {

Bytes written(auto&& write) {
  Bytes bytes;
  Writer out(bytes);
  write(out);
  return bytes;
}

bool accepts(std::string_view hex, auto&& read) {
  Bytes bytes = from_hex(hex);
  Reader in(bytes);
  read(in);
  return in.done().ok();
}

}  // namespace

TEST_CASE("unsigned integers use the shortest encoding at each boundary and come back") {
  auto [value, hex] = GENERATE(table<uint64_t, std::string>({{0, "00"},
                                                             {127, "7f"},
                                                             {128, "cc80"},
                                                             {255, "ccff"},
                                                             {256, "cd0100"},
                                                             {65535, "cdffff"},
                                                             {65536, "ce00010000"},
                                                             {0xffffffff, "ceffffffff"},
                                                             {0x100000000, "cf0000000100000000"},
                                                             {UINT64_MAX, "cfffffffffffffffff"}}));
  uint64_t expected = value;
  Bytes bytes = written([&](Writer& out) { out.uint(expected); });
  CHECK(to_hex(bytes) == hex);
  Reader in(bytes);
  CHECK(in.uint() == value);
  CHECK(in.done().ok());
}

TEST_CASE("negative integers use the shortest encoding at each boundary and come back") {
  auto [value, hex] = GENERATE(table<int64_t, std::string>({{-1, "ff"},
                                                            {-32, "e0"},
                                                            {-33, "d0df"},
                                                            {-128, "d080"},
                                                            {-129, "d1ff7f"},
                                                            {-32768, "d18000"},
                                                            {-32769, "d2ffff7fff"},
                                                            {INT32_MIN, "d280000000"},
                                                            {int64_t{INT32_MIN} - 1, "d3ffffffff7fffffff"},
                                                            {INT64_MIN, "d38000000000000000"}}));
  int64_t expected = value;
  Bytes bytes = written([&](Writer& out) { out.integer(expected); });
  CHECK(to_hex(bytes) == hex);
  Reader in(bytes);
  CHECK(in.integer() == value);
  CHECK(in.done().ok());
}

TEST_CASE("longer encodings of small numbers are refused") {
  auto hex = GENERATE("cc7f", "cd00ff", "ce0000ffff", "cf00000000ffffffff", "d0ff", "d0e0", "d1ff80", "d2ffff8000",
                      "d3ffffffff80000000", "d001");
  CAPTURE(hex);
  CHECK_FALSE(accepts(hex, [](Reader& in) { in.integer(); }));
}

TEST_CASE("longer encodings of short strings, byte strings, arrays and maps are refused") {
  CHECK(accepts("a161", [](Reader& in) { in.str(10); }));
  CHECK_FALSE(accepts("d90161", [](Reader& in) { in.str(10); }));
  CHECK(accepts("c40161", [](Reader& in) { in.bin(10); }));
  CHECK_FALSE(accepts("c5000161", [](Reader& in) { in.bin(10); }));
  CHECK(accepts("9101", [](Reader& in) { in.array(10), in.uint(); }));
  CHECK_FALSE(accepts("dc000101", [](Reader& in) { in.array(10), in.uint(); }));
  CHECK(accepts("810102", [](Reader& in) { in.map(10), in.uint(), in.uint(); }));
  CHECK_FALSE(accepts("de00010102", [](Reader& in) { in.map(10), in.uint(), in.uint(); }));
}

TEST_CASE("strings and byte strings of every header width come back") {
  auto length = GENERATE(size_t{0}, size_t{31}, size_t{32}, size_t{255}, size_t{256}, size_t{65535}, size_t{65536});
  std::string text(length, 'x');
  Bytes bytes = written([&](Writer& out) { out.str(text).bin(as_bytes(text)); });
  Reader in(bytes);
  CHECK(in.str(length) == text);
  CHECK(in.bin(length).size() == length);
  CHECK(in.done().ok());
}

TEST_CASE("a value above its bound is refused") {
  CHECK_FALSE(accepts("0b", [](Reader& in) { in.uint(10); }));
  CHECK_FALSE(accepts("a3616263", [](Reader& in) { in.str(2); }));
  CHECK_FALSE(accepts("c403616263", [](Reader& in) { in.bin(2); }));
  CHECK_FALSE(accepts("c403616263", [](Reader& in) { in.bin_exact(4); }));
  CHECK_FALSE(accepts("930102", [](Reader& in) { in.array(2), in.uint(), in.uint(); }));
  CHECK_FALSE(accepts("92010203", [](Reader& in) { in.array_exact(3), in.uint(), in.uint(), in.uint(); }));
}

TEST_CASE("a count that the rest of the message cannot hold is refused before anything is read") {
  CHECK_FALSE(accepts("ddffffffff01", [](Reader& in) { CHECK(in.array(SIZE_MAX) == 0); }));
  CHECK_FALSE(accepts("82010203", [](Reader& in) { CHECK(in.map(SIZE_MAX) == 0); }));
}

TEST_CASE("trailing bytes are refused") {
  CHECK(accepts("01", [](Reader& in) { in.uint(); }));
  CHECK_FALSE(accepts("0100", [](Reader& in) { in.uint(); }));
}

TEST_CASE("every truncation of a message is refused without reading past its end") {
  Bytes whole = written(
      [](Writer& out) { out.array(5).uint(70000).str("h\xc3\xa9llo").bin(Bytes(40, 7)).boolean(true).real(1.5); });
  for (size_t length = 0; length < whole.size(); ++length) {
    Bytes part(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length));
    Reader in(part);
    in.array_exact(5);
    in.uint(), in.str(100), in.bin(100), in.boolean(), in.real();
    CHECK_FALSE(in.done().ok());
  }
}

TEST_CASE("text that is not UTF-8 is refused") {
  auto hex = GENERATE("a1ff", "a2c080", "a3eda080", "a4f4908080", "a2e282", "a180");
  CAPTURE(hex);
  CHECK_FALSE(accepts(hex, [](Reader& in) { in.str(10); }));
}

TEST_CASE("after the first error every call returns nothing") {
  Bytes bytes = from_hex("c2010203");
  Reader in(bytes);
  CHECK(in.uint() == 0);
  CHECK(in.uint() == 0);
  CHECK(in.peek() == Kind::none);
  CHECK_FALSE(in.nil());
  CHECK_FALSE(in.ok());
}

TEST_CASE("nil is optional: anything else stays unread") {
  Bytes bytes = from_hex("c005");
  Reader in(bytes);
  CHECK(in.nil());
  CHECK_FALSE(in.nil());
  CHECK(in.uint() == 5);
  CHECK(in.done().ok());
}

TEST_CASE("extension types and 32-bit floating point are refused") {
  auto hex = GENERATE("c1", "d40100", "c7010100", "ca3fc00000");
  CAPTURE(hex);
  CHECK_FALSE(accepts(hex, [](Reader& in) { in.real(); }));
}
