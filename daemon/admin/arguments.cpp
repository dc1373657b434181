#include "daemon/admin/arguments.hpp"

#include "daemon/admin/rfc3339.hpp"

namespace drawbridge::admin {

const Value* Arguments::find(const char* name) {
  asked_.insert(name);
  const Value* value = map_.find(name);
  return value && !value->is_null() ? value : nullptr;
}

const Value* Arguments::require(const char* name) {
  const Value* value = find(name);
  if (!value) fail(name, "is missing");
  return value;
}

void Arguments::fail(const char* name, const std::string& what) {
  if (error_) return;
  error_ = Error{ErrorCode::invalid_argument, "The argument '" + std::string(name) + "' " + what + ".",
                 "See docs/spec/admin.md."};
}

std::string Arguments::text(const char* name) {
  const Value* value = require(name);
  if (!value) return {};
  if (!value->as_text() || value->as_text()->empty()) fail(name, "must be a text that is not empty");
  return value->as_text() ? *value->as_text() : "";
}

std::optional<std::string> Arguments::optional_text(const char* name) {
  const Value* value = find(name);
  if (!value) return std::nullopt;
  if (!value->as_text()) fail(name, "must be a text");
  return value->as_text() ? std::optional(*value->as_text()) : std::nullopt;
}

std::vector<std::string> Arguments::read_texts(const char* name, const Value& value) {
  std::vector<std::string> out;
  if (!value.as_array()) fail(name, "must be a list of texts");
  for (const Value& item : value.items()) {
    if (!item.as_text() || item.as_text()->empty()) fail(name, "must be a list of texts");
    out.push_back(item.as_text() ? *item.as_text() : "");
  }
  return out;
}

std::vector<std::string> Arguments::texts(const char* name) {
  const Value* value = require(name);
  if (!value) return {};
  auto out = read_texts(name, *value);
  if (out.empty()) fail(name, "must not be empty");
  return out;
}

std::optional<std::vector<std::string>> Arguments::optional_texts(const char* name) {
  const Value* value = find(name);
  return value ? std::optional(read_texts(name, *value)) : std::nullopt;
}

Bytes Arguments::bytes(const char* name) {
  const Value* value = require(name);
  if (value && !value->as_bytes()) fail(name, "must be bytes");
  return value && value->as_bytes() ? *value->as_bytes() : Bytes();
}

uint64_t Arguments::number(const char* name) {
  const Value* value = require(name);
  if (value && !value->as_uint()) fail(name, "must be a whole number, not negative");
  return value ? value->as_uint().value_or(0) : 0;
}

std::optional<uint64_t> Arguments::optional_number(const char* name, uint64_t min, uint64_t max) {
  const Value* value = find(name);
  if (!value) return std::nullopt;
  auto number = value->as_uint();
  if (number && *number >= min && *number <= max) return number;
  fail(name, "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max));
  return std::nullopt;
}

bool Arguments::flag(const char* name) {
  const Value* value = find(name);
  if (value && !value->as_bool()) fail(name, "must be true or false");
  return value && value->as_bool().value_or(false);
}

std::optional<WallTime> Arguments::optional_time(const char* name) {
  auto text = optional_text(name);
  if (!text) return std::nullopt;
  auto time = parse_rfc3339(*text);
  if (!time) fail(name, "is not a time like 2025-03-01T09:30:00.000Z");
  return time ? std::optional(*time) : std::nullopt;
}

Result<void> Arguments::done() {
  for (const auto& [name, value] : *map_.as_map()) {
    if (!asked_.contains(name)) fail(name.c_str(), "is not known to this command");
  }
  return error_ ? Result<void>(*error_) : Result<void>();
}

}  // namespace drawbridge::admin
