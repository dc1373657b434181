// A daemon that knows only what a test taught it. It counts what it sees and refuses the unexpected.
#pragma once

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "cli/command_table.hpp"
#include "protocol/admin/framing.hpp"
#include "protocol/admin/message.hpp"

namespace drawbridge::cli {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    char name[] = "/tmp/drawbridge-cli-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// Serves STATE/control.sock until it is destroyed.
class FakeDaemon {
 public:
  using Responses = std::vector<admin::Response>;

  // Serves inside `state`, which must outlive it.
  explicit FakeDaemon(const std::string& state) {
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, (state + "/control.sock").c_str());
    bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    listen(listener_, 8);
    server_ = std::thread([this] { serve(); });
  }
  ~FakeDaemon() {
    eventfd_write(stop_, 1);
    server_.join();
    for (std::thread& connection : connections_) connection.join();
    close(listener_);
    close(stop_);
  }
  FakeDaemon(const FakeDaemon&) = delete;

  // Answers the next request, which must be this command; `id` and, but for the last, `more` are filled in.
  FakeDaemon& answer(std::string command, std::vector<admin::Value> results) {
    Expected expected{std::move(command), {}};
    for (auto& result : results) expected.responses.push_back(admin::success(0, std::move(result), true));
    expected.responses.back().more = false;
    return expect(std::move(expected));
  }
  FakeDaemon& refuse(std::string command, Error error) {
    return expect({std::move(command), {admin::failed(0, error)}});
  }

  // Closes the connection instead of answering.
  FakeDaemon& hang_up(std::string command) { return expect({std::move(command), {}}); }

  std::vector<admin::Request> seen() const {
    std::lock_guard lock(mutex_);
    return seen_;
  }
  const admin::Value last_args() const {
    auto all = seen();
    return all.empty() ? admin::Value() : all.back().args;
  }
  bool all_answered() const {
    std::lock_guard lock(mutex_);
    return expected_.empty() && unexpected_ == 0;
  }

 private:
  struct Expected {
    std::string command;
    Responses responses;
  };

  FakeDaemon& expect(Expected expected) {
    std::lock_guard lock(mutex_);
    expected_.push_back(std::move(expected));
    return *this;
  }

  bool readable(int descriptor) const {
    pollfd waiting[] = {{descriptor, POLLIN, 0}, {stop_, POLLIN, 0}};
    poll(waiting, 2, -1);
    return waiting[1].revents == 0;
  }

  void serve() {
    while (readable(listener_)) {
      int client = accept(listener_, nullptr, nullptr);
      connections_.emplace_back([this, client] {
        serve_client(client);
        close(client);
      });
    }
  }

  void serve_client(int client) {
    admin::FrameDecoder decoder;
    uint8_t buffer[4096];
    while (readable(client)) {
      ssize_t length = read(client, buffer, sizeof buffer);
      if (length <= 0) return;
      decoder.feed({buffer, static_cast<size_t>(length)});
      while (auto frame = decoder.next().value()) {
        if (!respond(client, admin::decode_request(*frame).value())) return;
      }
    }
  }

  Responses responses_to(const admin::Request& request) {
    std::lock_guard lock(mutex_);
    seen_.push_back(request);
    if (expected_.empty() || expected_.front().command != request.command) {
      ++unexpected_;
      return {admin::failed(0, {ErrorCode::internal, "The test did not expect " + request.command + ".", ""})};
    }
    Responses responses = std::move(expected_.front().responses);
    expected_.erase(expected_.begin());
    return responses;
  }

  // False: hang up.
  bool respond(int client, const admin::Request& request) {
    Responses responses = responses_to(request);
    for (admin::Response& response : responses) {
      response.id = request.id;
      Bytes frame;
      (void)admin::append_frame(frame, admin::encode(response));
      (void)!send(client, frame.data(), frame.size(), MSG_NOSIGNAL);
    }
    return !responses.empty();
  }

  int listener_ = -1;
  int stop_ = eventfd(0, EFD_CLOEXEC);
  mutable std::mutex mutex_;
  std::vector<Expected> expected_;
  std::vector<admin::Request> seen_;
  int unexpected_ = 0;
  std::vector<std::thread> connections_;
  std::thread server_;
};

struct Ran {
  int exit = -1;
  std::string out, err;
};

// One run of the command line in this process, on `state`.
inline Ran run_cli(const std::string& state, std::vector<std::string> arguments, const std::string& input = "",
                   Terminal terminal = {}) {
  arguments.push_back("--state");
  arguments.push_back(state);
  std::istringstream in(input);
  std::ostringstream out, err;
  int exit = run(arguments, in, out, err, terminal);
  return {exit, out.str(), err.str()};
}

}  // namespace drawbridge::cli
