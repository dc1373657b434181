// Requests and responses of the control socket (docs/spec/admin.md). Each travels as one frame.
#pragma once

#include <optional>

#include "protocol/admin/value.hpp"

namespace drawbridge::admin {

struct Request {
  uint64_t id = 0;      // chosen by the client; comes back in each response
  std::string command;  // a name of docs/spec/admin.md, e.g. "devices"
  Value args;           // always a map; empty if there are none
};

// What a response says went wrong. Unlike Error it keeps the code as text, so that a newer daemon's code passes
// through an older command line unchanged.
struct Failure {
  std::string code;
  std::string message;
  std::string remedy;
  bool operator==(const Failure&) const = default;
};
Failure to_failure(const Error& error);

// Holds either `failure` or `result`.
struct Response {
  uint64_t id = 0;
  Value result;
  std::optional<Failure> failure;
  bool more = false;  // further responses to the same request follow
};

Response success(uint64_t id, Value result, bool more = false);
Response failed(uint64_t id, const Error& error);

// One frame's content.
Bytes encode(const Request& request);
Bytes encode(const Response& response);
// `malformed` for anything that encode() would not have written.
Result<Request> decode_request(ByteView content);
Result<Response> decode_response(ByteView content);

}  // namespace drawbridge::admin
