#include "protocol/admin/message.hpp"

#include "protocol/wire/msgpack.hpp"

namespace drawbridge::admin {
namespace {

Error not_a_message() {
  return {ErrorCode::malformed, "The message does not have the expected form.",
          "Use a command line and a daemon of the same version."};
}

bool exactly(const Value& document, std::initializer_list<std::string_view> keys) {
  const Value::Map* map = document.as_map();
  if (!map || map->size() != keys.size()) return false;
  auto entry = map->begin();
  for (std::string_view key : keys) {
    if ((entry++)->first != key) return false;
  }
  return true;
}

Value to_value(const Failure& failure) {
  return Value::map({{"code", failure.code}, {"message", failure.message}, {"remedy", failure.remedy}});
}

Result<Failure> read_failure(const Value& document) {
  if (!exactly(document, {"code", "message", "remedy"})) return not_a_message();
  for (const auto& [key, value] : *document.as_map()) {
    if (!value.as_text()) return not_a_message();
  }
  return Failure{document.text("code"), document.text("message"), document.text("remedy")};
}

}  // namespace

Failure to_failure(const Error& error) {
  return {code_name(error.code), error.message, error.remedy};
}

Response success(uint64_t id, Value result, bool more) {
  return {id, std::move(result), {}, more};
}

Response failed(uint64_t id, const Error& error) {
  return {id, {}, to_failure(error), false};
}

Bytes encode(const Request& request) {
  Value args = request.args.is_null() ? Value::map() : request.args;
  return encode(Value::map({{"id", request.id}, {"command", request.command}, {"args", std::move(args)}}));
}

Bytes encode(const Response& response) {
  if (response.failure) return encode(Value::map({{"id", response.id}, {"error", to_value(*response.failure)}}));
  return encode(Value::map({{"id", response.id}, {"more", response.more}, {"result", response.result}}));
}

Result<Request> decode_request(ByteView content) {
  auto document = decode(content);
  if (!document) return document.error();
  auto id = document->uint("id");
  bool form = exactly(*document, {"id", "command", "args"}) && id && document->find("command")->as_text() &&
              document->find("args")->is_map();
  if (!form) return not_a_message();
  return Request{*id, document->text("command"), *document->find("args")};
}

Result<Response> decode_response(ByteView content) {
  auto document = decode(content);
  if (!document) return document.error();
  auto id = document->uint("id");
  if (!id) return not_a_message();
  if (exactly(*document, {"id", "error"})) {
    auto failure = read_failure(*document->find("error"));
    if (!failure) return failure.error();
    return Response{*id, {}, failure.take(), false};
  }
  if (!exactly(*document, {"id", "more", "result"}) || !document->find("more")->as_bool()) return not_a_message();
  return Response{*id, *document->find("result"), {}, document->flag("more")};
}

}  // namespace drawbridge::admin
