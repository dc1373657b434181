#include <msgpack/pack.h>

#include <cassert>

#include "protocol/wire/msgpack.hpp"

namespace drawbridge::msgpack {
namespace {

// msgpack-c always chooses the shortest encoding, which is our fixed form.
int append_to(void* target, const char* bytes, size_t length) {
  append(*static_cast<Bytes*>(target), as_bytes({bytes, length}));
  return 0;
}

msgpack_packer packer(Bytes& target) {
  msgpack_packer made;
  msgpack_packer_init(&made, &target, append_to);
  return made;
}

}  // namespace

Writer& Writer::array(size_t count) {
  assert(count <= UINT32_MAX);
  auto out = packer(target_);
  msgpack_pack_array(&out, count);
  return *this;
}

Writer& Writer::map(size_t count) {
  assert(count <= UINT32_MAX);
  auto out = packer(target_);
  msgpack_pack_map(&out, count);
  return *this;
}

Writer& Writer::uint(uint64_t value) {
  auto out = packer(target_);
  msgpack_pack_uint64(&out, value);
  return *this;
}

Writer& Writer::integer(int64_t value) {
  auto out = packer(target_);
  msgpack_pack_int64(&out, value);
  return *this;
}

Writer& Writer::str(std::string_view text) {
  assert(text.size() <= UINT32_MAX);
  auto out = packer(target_);
  msgpack_pack_str(&out, text.size());
  append(target_, as_bytes(text));
  return *this;
}

Writer& Writer::bin(ByteView bytes) {
  assert(bytes.size() <= UINT32_MAX);
  auto out = packer(target_);
  msgpack_pack_bin(&out, bytes.size());
  append(target_, bytes);
  return *this;
}

Writer& Writer::boolean(bool value) {
  auto out = packer(target_);
  value ? msgpack_pack_true(&out) : msgpack_pack_false(&out);
  return *this;
}

Writer& Writer::real(double value) {
  auto out = packer(target_);
  msgpack_pack_double(&out, value);
  return *this;
}

Writer& Writer::nil() {
  auto out = packer(target_);
  msgpack_pack_nil(&out);
  return *this;
}

}  // namespace drawbridge::msgpack
