#include "daemon/office_page/json.hpp"

#include <sodium.h>

#include <nlohmann/json.hpp>

namespace drawbridge::office_page {
namespace {

using admin::Value;
using Json = nlohmann::ordered_json;

std::string base64(const Bytes& bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();  // the terminating zero
  return text;
}

Json convert(const Value& value);

struct Converter {
  Json operator()(std::monostate) const { return nullptr; }
  Json operator()(const Bytes& bytes) const { return base64(bytes); }
  Json operator()(const Value::Array& array) const {
    Json json = Json::array();
    for (const Value& item : array) json.push_back(convert(item));
    return json;
  }
  Json operator()(const Value::Map& map) const {
    Json json = Json::object();
    for (const auto& [key, item] : map) json[key] = convert(item);
    return json;
  }
  Json operator()(const auto& plain) const { return plain; }
};

Json convert(const Value& value) { return std::visit(Converter{}, value.held()); }

// Builds the value as the text is read, so that nothing deep or doubled is ever held.
class Reader {
 public:
  using number_integer_t = Json::number_integer_t;
  using number_unsigned_t = Json::number_unsigned_t;
  using number_float_t = Json::number_float_t;
  using string_t = Json::string_t;
  using binary_t = Json::binary_t;

  bool null() { return put({}); }
  bool boolean(bool value) { return put(value); }
  bool number_integer(number_integer_t value) { return put(Value(int64_t{value})); }
  bool number_unsigned(number_unsigned_t value) { return put(Value(uint64_t{value})); }
  bool number_float(number_float_t value, const string_t&) { return put(value); }
  bool string(string_t& value) { return put(std::move(value)); }
  bool binary(binary_t&) { return false; }
  bool start_object(size_t) { return begin(Value::map()); }
  bool start_array(size_t) { return begin(Value::array()); }
  bool end_object() { return end(); }
  bool end_array() { return end(); }
  bool key(string_t& name) {
    Level& level = levels_.back();
    level.key = std::move(name);
    return !level.value.find(level.key);
  }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) { return false; }

  Value take() { return std::move(root_); }

 private:
  struct Level {
    Value value;
    std::string key;
  };
  bool put(Value value) {
    if (levels_.empty()) root_ = std::move(value);
    else if (levels_.back().value.is_map()) levels_.back().value.set(levels_.back().key, std::move(value));
    else levels_.back().value.push(std::move(value));
    return true;
  }
  bool begin(Value empty) {
    if (levels_.size() == deepest_request_json) return false;
    levels_.push_back({std::move(empty), ""});
    return true;
  }
  bool end() {
    Value done = std::move(levels_.back().value);
    levels_.pop_back();
    return put(std::move(done));
  }

  std::vector<Level> levels_;
  Value root_;
};

}  // namespace

std::string to_json(const Value& value) { return convert(value).dump(-1, ' ', false, Json::error_handler_t::replace); }

Result<Value> from_json(std::string_view text) {
  Error malformed{ErrorCode::malformed, "The request is not JSON as it is expected here.", "Load the page again."};
  Reader reader;
  if (text.size() > longest_request_json || !Json::sax_parse(text, &reader)) return malformed;
  return reader.take();
}

}  // namespace drawbridge::office_page
