// MessagePack in one fixed form. Every structured message, on the wire, on disk and on the control socket, is
// written by Writer and read by Reader.
//
// The fixed form: each integer, string, byte string, array and map in its shortest encoding; non-negative integers as
// uint, others as int; text is well-formed UTF-8; floating point is always 64 bits; no extension types. A reader
// refuses every other form, so one value has exactly one encoding and what is signed or hashed has no twin.
#pragma once

#include <string_view>

#include "keys/bytes.hpp"
#include "keys/result.hpp"

namespace drawbridge::msgpack {

// Appends to `target`, which must outlive the writer. Cannot fail: lengths above 2^32 - 1 are our own mistake.
// array(n) is followed by n values, map(n) by n keys each with its value.
class Writer {
 public:
  explicit Writer(Bytes& target) : target_(target) {}

  Writer& array(size_t count);
  Writer& map(size_t count);
  Writer& uint(uint64_t value);
  Writer& integer(int64_t value);
  Writer& str(std::string_view text);
  Writer& bin(ByteView bytes);
  Writer& boolean(bool value);
  Writer& real(double value);
  Writer& nil();

 private:
  Bytes& target_;
};

// What the next value is, by its first byte.
enum class Kind : uint8_t { none, nil, boolean, uint, negative, real, str, bin, array, map, unsupported };

// A cursor over one message. Errors stick: after the first one every call returns an empty value (0, false, "") and
// changes nothing, so a message of fixed form is read straight through and judged once, by done(). Never allocates;
// strings and byte strings returned are views into the bytes given. Nothing in the bytes can trip an assertion.
class Reader {
 public:
  explicit Reader(ByteView bytes) : bytes_(bytes) {}

  // Number of elements (pairs, for a map). Refused above `max`, or if the rest of the message is too short to hold
  // that many. *_exact: refused unless it is exactly `count`; true if accepted.
  size_t array(size_t max);
  bool array_exact(size_t count);
  size_t map(size_t max);

  uint64_t uint(uint64_t max = UINT64_MAX);
  int64_t integer();                 // any integer within int64_t
  std::string_view str(size_t max);  // at most `max` bytes
  ByteView bin(size_t max);
  ByteView bin_exact(size_t length);  // empty on error
  bool boolean();
  double real();
  // Consumes a nil and returns true; leaves anything else unread and returns false without an error. For optional
  // fields: `if (!reader.nil()) field = reader.uint(max);`
  bool nil();

  Kind peek() const;  // `none` at the end and after an error
  bool ok() const { return !failed_; }
  // Makes the message refused: for rules that only the caller knows (unknown enumerator, field out of order).
  void refuse() { failed_ = true; }
  size_t position() const { return at_; }
  size_t remaining() const { return bytes_.size() - at_; }

  // `malformed` unless every byte was read without an error.
  Result<void> done() const;

 private:
  struct Family;  // first bytes of one type's encodings
  uint64_t head(const Family& family, uint64_t max);
  uint64_t big_endian(size_t width);
  ByteView take(size_t length);
  uint64_t fail();

  ByteView bytes_;
  size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace drawbridge::msgpack
