#include <bit>

#include "protocol/wire/msgpack.hpp"
#include "protocol/wire/utf8.hpp"

// Read by hand, not by msgpack-c's unpacker: that one accepts every length of encoding and allocates what a header
// asks for before the content is there.
namespace drawbridge::msgpack {

// The first bytes of one type: a "fix" range that carries the number itself, then headers followed by 1, 2, 4 or 8
// bytes of big-endian number (0: this type has no header of that width).
struct Reader::Family {
  uint8_t fix_first = 1, fix_last = 0;  // empty range: none
  uint8_t width1 = 0, width2 = 0, width4 = 0, width8 = 0;

  bool in_fix(uint8_t byte) const { return byte >= fix_first && byte <= fix_last; }
  size_t width_of(uint8_t byte) const {
    if (byte == 0) return 0;
    if (byte == width1) return 1;
    if (byte == width2) return 2;
    if (byte == width4) return 4;
    return byte == width8 ? 8 : 0;
  }
  // The smallest number that needs `width` bytes: one more than the next shorter encoding holds.
  uint64_t smallest_for(size_t width) const {
    if (width == 8) return uint64_t{1} << 32;
    if (width == 4) return uint64_t{1} << 16;
    if (width == 2 && width1 != 0) return uint64_t{1} << 8;
    return fix_first <= fix_last ? uint64_t{fix_last} - fix_first + 1 : 0;
  }
};

namespace {

constexpr uint8_t nil_byte = 0xc0, false_byte = 0xc2, true_byte = 0xc3, real_byte = 0xcb;
constexpr uint8_t int8_byte = 0xd0, int64_byte = 0xd3, negative_fix = 0xe0;

}  // namespace

uint64_t Reader::fail() {
  failed_ = true;
  return 0;
}

uint64_t Reader::big_endian(size_t width) {
  if (remaining() < width) return fail();
  uint64_t value = 0;
  for (size_t i = 0; i < width; ++i) value = value << 8 | bytes_[at_++];
  return value;
}

uint64_t Reader::head(const Family& family, uint64_t max) {
  if (failed_ || remaining() == 0) return fail();
  uint8_t first = bytes_[at_++];
  uint64_t value = 0;
  if (family.in_fix(first)) {
    value = first - family.fix_first;
  } else {
    size_t width = family.width_of(first);
    if (width == 0) return fail();
    value = big_endian(width);
    if (failed_ || value < family.smallest_for(width)) return fail();
  }
  return value <= max ? value : fail();
}

ByteView Reader::take(size_t length) {
  if (failed_ || remaining() < length) {
    failed_ = true;
    return {};
  }
  at_ += length;
  return bytes_.subspan(at_ - length, length);
}

size_t Reader::array(size_t max) {
  size_t count = head({0x90, 0x9f, 0, 0xdc, 0xdd, 0}, max);
  return count <= remaining() ? count : fail();
}

bool Reader::array_exact(size_t count) {
  if (array(count) != count) fail();
  return ok();
}

size_t Reader::map(size_t max) {
  size_t count = head({0x80, 0x8f, 0, 0xde, 0xdf, 0}, max);
  return count <= remaining() / 2 ? count : fail();
}

uint64_t Reader::uint(uint64_t max) {
  return head({0x00, 0x7f, 0xcc, 0xcd, 0xce, 0xcf}, max);
}

int64_t Reader::integer() {
  Kind kind = peek();
  if (kind == Kind::uint) return static_cast<int64_t>(uint(INT64_MAX));
  if (kind != Kind::negative) return static_cast<int64_t>(fail());
  uint8_t first = bytes_[at_++];
  if (first >= negative_fix) return static_cast<int8_t>(first);
  size_t width = size_t{1} << (first - int8_byte);
  int64_t value = static_cast<int64_t>(big_endian(width) << (64 - 8 * width)) >> (64 - 8 * width);
  // A shorter encoding would have held values from here upwards.
  int64_t shorter_min = width == 1 ? -32 : -(int64_t{1} << (4 * width - 1));
  return !failed_ && value < shorter_min ? value : static_cast<int64_t>(fail());
}

std::string_view Reader::str(size_t max) {
  size_t length = head({0xa0, 0xbf, 0xd9, 0xda, 0xdb, 0}, max);
  ByteView text = take(length);
  if (is_utf8(text)) return as_text(text);
  fail();
  return {};
}

ByteView Reader::bin(size_t max) {
  size_t length = head({1, 0, 0xc4, 0xc5, 0xc6, 0}, max);
  return take(length);
}

ByteView Reader::bin_exact(size_t length) {
  ByteView bytes = bin(length);
  if (!failed_ && bytes.size() == length) return bytes;
  failed_ = true;
  return {};
}

bool Reader::boolean() {
  if (peek() != Kind::boolean) return fail() != 0;
  return bytes_[at_++] == true_byte;
}

double Reader::real() {
  if (peek() != Kind::real) return static_cast<double>(fail());
  ++at_;
  return std::bit_cast<double>(big_endian(8));
}

bool Reader::nil() {
  if (peek() != Kind::nil) return false;
  ++at_;
  return true;
}

Kind Reader::peek() const {
  if (failed_ || remaining() == 0) return Kind::none;
  uint8_t first = bytes_[at_];
  if (first <= 0x7f || (first >= 0xcc && first <= 0xcf)) return Kind::uint;
  if (first >= negative_fix || (first >= int8_byte && first <= int64_byte)) return Kind::negative;
  if ((first >= 0xa0 && first <= 0xbf) || (first >= 0xd9 && first <= 0xdb)) return Kind::str;
  if (first >= 0xc4 && first <= 0xc6) return Kind::bin;
  if ((first >= 0x90 && first <= 0x9f) || first == 0xdc || first == 0xdd) return Kind::array;
  if ((first >= 0x80 && first <= 0x8f) || first == 0xde || first == 0xdf) return Kind::map;
  if (first == nil_byte) return Kind::nil;
  if (first == false_byte || first == true_byte) return Kind::boolean;
  return first == real_byte ? Kind::real : Kind::unsupported;
}

Result<void> Reader::done() const {
  if (!failed_ && at_ == bytes_.size()) return {};
  return Error{ErrorCode::malformed, "The message does not have the expected form.", ""};
}

}  // namespace drawbridge::msgpack
