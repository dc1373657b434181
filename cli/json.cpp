#include "cli/json.hpp"

#include <sodium.h>

#include <nlohmann/json.hpp>

namespace drawbridge::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string base64(const Bytes& bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();  // the terminating zero
  return text;
}

Json convert(const admin::Value& value);

struct Converter {
  Json operator()(std::monostate) { return nullptr; }
  Json operator()(const Bytes& bytes) { return base64(bytes); }
  Json operator()(const admin::Value::Array& array) {
    Json json = Json::array();
    for (const auto& item : array) json.push_back(convert(item));
    return json;
  }
  Json operator()(const admin::Value::Map& map) {
    Json json = Json::object();
    for (const auto& [key, item] : map) json[key] = convert(item);
    return json;
  }
  Json operator()(const auto& plain) { return plain; }
};

Json convert(const admin::Value& value) {
  return std::visit(Converter{}, value.held());
}

}  // namespace

std::string to_json(const admin::Value& value, int indent) {
  return convert(value).dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace drawbridge::cli
