// Call: one request of a client, and the way back to it. Commands keep it while they work; answers to a client that
// has gone are dropped.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>

#include "daemon/io/file_descriptor.hpp"
#include "keys/device_id.hpp"
#include "protocol/admin/message.hpp"

namespace drawbridge::admin {

class Call;
using CallPtr = std::shared_ptr<Call>;

// Who asks, as the kernel or the bridge vouches for it.
struct Caller {
  std::optional<uid_t> user;       // of this computer
  std::optional<DeviceId> device;  // of this office, which was granted `service`, the office's page
  std::string device_name, service;
};

// The connection that calls come from and answers go to: the control socket, or the office's page.
class CallClient {
 public:
  virtual ~CallClient() = default;
  virtual void send(const Response& response) = 0;
  // The call has its last answer, which is sent next.
  virtual void finished(Call& call) = 0;
  // See Call::result_and_take_stream and Call::when_sent.
  virtual void take_stream(std::function<void(FileDescriptor)> taken) = 0;
  virtual void when_sent(std::function<void()> callback) = 0;
};

class Call : public std::enable_shared_from_this<Call> {
 public:
  // `client` must outlive the call, or abandon it.
  Call(CallClient& client, Request request, Caller caller = {})
      : client_(&client), request_(std::move(request)), caller_(std::move(caller)) {}

  const Request& request() const { return request_; }
  const Caller& caller() const { return caller_; }

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
  bool open() const { return client_ != nullptr; }
  // Called once if the client goes away before the last answer.
  void when_abandoned(std::function<void()> callback) { abandoned_ = std::move(callback); }
  // Called once, when the client has read all that was sent so far: streams send no faster than they are read.
  void when_sent(std::function<void()> callback);

  // By the client alone: nobody waits any more.
  void abandon();

 private:
  void answer(const Response& response);

  CallClient* client_;
  Request request_;
  Caller caller_;
  std::function<void()> abandoned_;
};

}  // namespace drawbridge::admin
