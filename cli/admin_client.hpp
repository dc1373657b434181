// The command line's end of the control socket (docs/spec/admin.md).
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "protocol/admin/framing.hpp"
#include "protocol/admin/message.hpp"

namespace drawbridge::cli {

using Clock = std::chrono::steady_clock;
using Deadline = std::optional<Clock::time_point>;  // empty: none

// An open connection. Not for several threads.
class AdminClient {
 public:
  // Throws CommandFailed with exit code 3 if no daemon serves that state directory, 1 if we may not open its socket.
  explicit AdminClient(const std::string& state_directory);
  ~AdminClient();
  AdminClient(const AdminClient&) = delete;
  AdminClient& operator=(const AdminClient&) = delete;

  // Sends one request and makes receive() give its responses.
  void send(std::string command, admin::Value args);

  // The next response's result, or nothing when the deadline passes or `interrupt` (a descriptor, -1: none) becomes
  // readable. `more()` then says whether others follow. Throws CommandFailed with the daemon's failure, or `closed` if
  // the daemon went away.
  std::optional<admin::Value> receive(Deadline deadline = {}, int interrupt = -1);
  bool more() const { return more_; }

  // After `connect`: the raw stream. What came behind the last frame must be taken first.
  int descriptor() const { return descriptor_; }
  Bytes take_rest() { return decoder_.take_rest(); }

 private:
  bool fill(Deadline deadline, int interrupt);

  int descriptor_ = -1;
  uint64_t last_id_ = 0;
  bool more_ = false;
  admin::FrameDecoder decoder_;
};

// True if a connection to that directory's control socket can be opened; used for the choice of the state directory.
bool control_socket_opens(const std::string& state_directory);

}  // namespace drawbridge::cli
