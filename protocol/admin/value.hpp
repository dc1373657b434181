// Value: what travels between the daemon and the command line. A result is exactly the JSON document that
// `--json` prints, so the tree has JSON's types, plus byte strings (printed as base64).
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "keys/bytes.hpp"
#include "keys/result.hpp"

namespace drawbridge::msgpack {
class Reader;
class Writer;
}  // namespace drawbridge::msgpack

namespace drawbridge::admin {

constexpr size_t max_value_depth = 16;  // nested arrays and maps; the deepest document of admin.md has 4

class Value {
 public:
  using Array = std::vector<Value>;
  using Map = std::vector<std::pair<std::string, Value>>;  // in the order of insertion; keys are unique

  Value() = default;  // null
  Value(std::nullptr_t) {}
  Value(bool value) : held_(value) {}
  Value(int value) : held_(int64_t{value}) {}
  Value(int64_t value) : held_(value) {}
  Value(uint32_t value) : held_(int64_t{value}) {}
  Value(uint64_t value);  // held as int64_t where it fits
  Value(double value) : held_(value) {}
  Value(const char* text) : held_(std::string(text)) {}
  Value(std::string_view text) : held_(std::string(text)) {}
  Value(std::string text) : held_(std::move(text)) {}
  Value(Bytes bytes) : held_(std::move(bytes)) {}
  Value(Array array) : held_(std::move(array)) {}
  Value(Map map) : held_(std::move(map)) {}
  // null where the optional is empty
  template <typename T>
  Value(const std::optional<T>& value) {
    if (value) *this = Value(*value);
  }
  static Value array(std::initializer_list<Value> items = {}) { return Value(Array(items)); }
  static Value map(std::initializer_list<std::pair<std::string, Value>> items = {}) { return Value(Map(items)); }

  bool is_null() const { return std::holds_alternative<std::monostate>(held_); }
  bool is_map() const { return as_map() != nullptr; }
  // The content if the value is of that type, else nullptr or nothing.
  const Array* as_array() const { return std::get_if<Array>(&held_); }
  const Map* as_map() const { return std::get_if<Map>(&held_); }
  const std::string* as_text() const { return std::get_if<std::string>(&held_); }
  const Bytes* as_bytes() const { return std::get_if<Bytes>(&held_); }
  std::optional<bool> as_bool() const;
  std::optional<int64_t> as_int() const;
  std::optional<uint64_t> as_uint() const;  // any non-negative integer
  std::optional<double> as_double() const;  // floating point or integer

  // Of a map: the entry, or nullptr if absent or not a map. A null entry is found as null.
  const Value* find(std::string_view key) const;
  // Shortcuts for reading documents: empty where absent, null or of another type.
  std::string text(std::string_view key) const;
  std::optional<uint64_t> uint(std::string_view key) const;
  std::optional<double> real(std::string_view key) const;
  bool flag(std::string_view key) const;  // absent: false
  const Array& items(std::string_view key) const;
  const Array& items() const;

  // Makes a null value a map; replaces an earlier entry of that key. Must be a map or null.
  Value& set(std::string_view key, Value value);
  // Makes a null value an array. Must be an array or null.
  Value& push(Value value);

  const auto& held() const { return held_; }
  bool operator==(const Value& other) const { return held_ == other.held_; }

 private:
  std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string, Bytes, Array, Map> held_;
};

void write(msgpack::Writer& out, const Value& value);
Bytes encode(const Value& value);

// `malformed` for bytes that are not one value in the fixed form (wire/msgpack.hpp), are nested deeper than
// max_value_depth, or hold a map with a key twice. Memory used is bounded by a constant times bytes.size().
Result<Value> decode(ByteView bytes);

}  // namespace drawbridge::admin
