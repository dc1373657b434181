#include "protocol/admin/value.hpp"

#include <algorithm>
#include <cassert>

namespace drawbridge::admin {

Value::Value(uint64_t value) {
  if (value <= INT64_MAX) {
    held_ = static_cast<int64_t>(value);
  } else {
    held_ = value;
  }
}

std::optional<bool> Value::as_bool() const {
  if (auto* held = std::get_if<bool>(&held_)) return *held;
  return {};
}

std::optional<int64_t> Value::as_int() const {
  if (auto* held = std::get_if<int64_t>(&held_)) return *held;
  return {};
}

std::optional<uint64_t> Value::as_uint() const {
  if (auto* held = std::get_if<uint64_t>(&held_)) return *held;
  if (auto* held = std::get_if<int64_t>(&held_); held && *held >= 0) return static_cast<uint64_t>(*held);
  return {};
}

std::optional<double> Value::as_double() const {
  if (auto* held = std::get_if<double>(&held_)) return *held;
  if (auto* held = std::get_if<int64_t>(&held_)) return static_cast<double>(*held);
  if (auto* held = std::get_if<uint64_t>(&held_)) return static_cast<double>(*held);
  return {};
}

const Value* Value::find(std::string_view key) const {
  const Map* map = as_map();
  if (!map) return nullptr;
  auto found = std::find_if(map->begin(), map->end(), [&](const auto& entry) { return entry.first == key; });
  return found == map->end() ? nullptr : &found->second;
}

std::string Value::text(std::string_view key) const {
  const Value* value = find(key);
  return value && value->as_text() ? *value->as_text() : std::string();
}

std::optional<uint64_t> Value::uint(std::string_view key) const {
  const Value* value = find(key);
  return value ? value->as_uint() : std::nullopt;
}

std::optional<double> Value::real(std::string_view key) const {
  const Value* value = find(key);
  return value ? value->as_double() : std::nullopt;
}

bool Value::flag(std::string_view key) const {
  const Value* value = find(key);
  return value && value->as_bool().value_or(false);
}

const Value::Array& Value::items(std::string_view key) const {
  static const Value none;
  const Value* value = find(key);
  return value ? value->items() : none.items();
}

const Value::Array& Value::items() const {
  static const Array none;
  const Array* array = as_array();
  return array ? *array : none;
}

Value& Value::set(std::string_view key, Value value) {
  if (is_null()) held_ = Map();
  Map* map = std::get_if<Map>(&held_);
  assert(map);
  auto found = std::find_if(map->begin(), map->end(), [&](const auto& entry) { return entry.first == key; });
  if (found == map->end()) {
    map->emplace_back(key, std::move(value));
  } else {
    found->second = std::move(value);
  }
  return *this;
}

Value& Value::push(Value value) {
  if (is_null()) held_ = Array();
  Array* array = std::get_if<Array>(&held_);
  assert(array);
  array->push_back(std::move(value));
  return *this;
}

}  // namespace drawbridge::admin
