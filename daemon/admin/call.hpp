// Call: one request of a client, and the way back to it. Commands keep it while they work; answers to a client that
// has gone are dropped.
#pragma once

#include <functional>
#include <memory>

#include "daemon/io/file_descriptor.hpp"
#include "protocol/admin/message.hpp"

namespace drawbridge::admin {

class AdminConnection;

class Call : public std::enable_shared_from_this<Call> {
 public:
  Call(AdminConnection& connection, Request request) : connection_(&connection), request_(std::move(request)) {}

  const Request& request() const { return request_; }

  // The last answer.
  void result(Value value) { answer(success(request_.id, std::move(value), false)); }
  // An answer that others follow.
  void more(Value value) { answer(success(request_.id, std::move(value), true)); }
  // The last answer.
  void fail(const Error& error) { answer(failed(request_.id, error)); }

  // The last answer; then, when it is sent, the connection's descriptor goes to `taken`: the stream is raw from here.
  // An empty descriptor: the client has gone before.
  void result_and_take_stream(Value value, std::function<void(FileDescriptor)> taken);

  // Whether anybody still waits: false after the last answer and when the client has gone.
  bool open() const { return connection_ != nullptr; }
  // Called once if the client goes away before the last answer.
  void when_abandoned(std::function<void()> callback) { abandoned_ = std::move(callback); }
  // Called once, when the client has read all that was sent so far: streams send no faster than they are read.
  void when_sent(std::function<void()> callback);

 private:
  friend class AdminConnection;
  void answer(const Response& response);
  void abandon();

  AdminConnection* connection_;
  Request request_;
  std::function<void()> abandoned_;
};
using CallPtr = std::shared_ptr<Call>;

}  // namespace drawbridge::admin
