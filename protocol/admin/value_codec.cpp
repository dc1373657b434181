#include <algorithm>

#include "protocol/admin/value.hpp"
#include "protocol/wire/msgpack.hpp"

namespace drawbridge::admin {
namespace {

struct ValueWriter {
  msgpack::Writer& out;

  void operator()(std::monostate) { out.nil(); }
  void operator()(bool value) { out.boolean(value); }
  void operator()(int64_t value) { out.integer(value); }
  void operator()(uint64_t value) { out.uint(value); }
  void operator()(double value) { out.real(value); }
  void operator()(const std::string& text) { out.str(text); }
  void operator()(const Bytes& bytes) { out.bin(bytes); }
  void operator()(const Value::Array& array) {
    out.array(array.size());
    for (const Value& item : array) write(out, item);
  }
  void operator()(const Value::Map& map) {
    out.map(map.size());
    for (const auto& [key, value] : map) {
      out.str(key);
      write(out, value);
    }
  }
};

Value read(msgpack::Reader& in, size_t depth);

Value read_array(msgpack::Reader& in, size_t depth) {
  Value::Array array;
  // Not reserved in advance: the count is only a claim, and a Value is larger than its shortest encoding.
  for (size_t left = in.array(UINT32_MAX); left > 0 && in.ok(); --left) array.push_back(read(in, depth + 1));
  return Value(std::move(array));
}

bool has_twins(const Value::Map& map) {
  std::vector<std::string_view> keys;
  for (const auto& entry : map) keys.push_back(entry.first);
  std::sort(keys.begin(), keys.end());
  return std::adjacent_find(keys.begin(), keys.end()) != keys.end();
}

Value read_map(msgpack::Reader& in, size_t depth) {
  Value::Map map;
  for (size_t left = in.map(UINT32_MAX); left > 0 && in.ok(); --left) {
    std::string key(in.str(UINT32_MAX));
    map.emplace_back(std::move(key), read(in, depth + 1));
  }
  if (has_twins(map)) in.refuse();
  return Value(std::move(map));
}

Value refused(msgpack::Reader& in) {
  in.refuse();
  return Value();
}

Value read(msgpack::Reader& in, size_t depth) {
  using msgpack::Kind;
  Kind kind = in.peek();
  if ((kind == Kind::array || kind == Kind::map) && depth >= max_value_depth) return refused(in);
  switch (kind) {
    case Kind::nil:
      in.nil();
      return Value();
    case Kind::boolean:
      return Value(in.boolean());
    case Kind::uint:
      return Value(in.uint());
    case Kind::negative:
      return Value(in.integer());
    case Kind::real:
      return Value(in.real());
    case Kind::str:
      return Value(in.str(UINT32_MAX));
    case Kind::bin:
      return Value(to_bytes(in.bin(UINT32_MAX)));
    case Kind::array:
      return read_array(in, depth);
    case Kind::map:
      return read_map(in, depth);
    case Kind::none:
    case Kind::unsupported:
      break;
  }
  return refused(in);
}

}  // namespace

void write(msgpack::Writer& out, const Value& value) {
  std::visit(ValueWriter{out}, value.held());
}

Bytes encode(const Value& value) {
  Bytes bytes;
  msgpack::Writer out(bytes);
  write(out, value);
  return bytes;
}

Result<Value> decode(ByteView bytes) {
  msgpack::Reader in(bytes);
  Value value = read(in, 0);
  if (auto done = in.done(); !done) return done.error();
  return value;
}

}  // namespace drawbridge::admin
