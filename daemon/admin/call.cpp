#include "daemon/admin/call.hpp"

#include <utility>

namespace drawbridge::admin {

void Call::answer(const Response& response) {
  if (!client_) return;
  auto self = shared_from_this();
  CallClient& client = *client_;
  if (!response.more) {
    client_ = nullptr;
    abandoned_ = nullptr;
    client.finished(*this);
  }
  client.send(response);
}

void Call::result_and_take_stream(Value value, std::function<void(FileDescriptor)> taken) {
  if (!client_) return;
  CallClient& client = *client_;
  result(std::move(value));
  client.take_stream(std::move(taken));
}

void Call::when_sent(std::function<void()> callback) {
  if (client_) client_->when_sent(std::move(callback));
}

void Call::abandon() {
  client_ = nullptr;
  if (auto callback = std::exchange(abandoned_, {})) callback();
}

}  // namespace drawbridge::admin
