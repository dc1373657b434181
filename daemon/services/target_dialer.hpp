// TargetDialer: one attempt to connect to a target: name lookup off the loop, then each address in turn.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/io/stream_socket.hpp"
#include "daemon/io/watch.hpp"
#include "daemon/services/target.hpp"
#include "protocol/flow.hpp"

namespace drawbridge {

struct DialFailure {
  FlowReset reason = FlowReset::target_failed;
  std::string message;  // for people: names the target and what the operating system said
};

class TargetDialer {
 public:
  struct Callbacks {
    std::function<void(FileDescriptor)> connected;
    std::function<void(DialFailure)> failed;
  };

  // Exactly one of the callbacks is called, once, perhaps inside start(); none after destruction. The dialer must
  // outlive the callback.
  TargetDialer(Loop& loop, Target target, Callbacks callbacks);
  ~TargetDialer();
  TargetDialer(const TargetDialer&) = delete;
  TargetDialer& operator=(const TargetDialer&) = delete;

  void start();

 private:
  struct Lookup;
  void look_up();
  void looked_up(int status, std::vector<SocketAddress> found);
  void try_next();
  void take(ConnectAttempt attempt);
  void writable();
  void fail(int number);
  void finish(std::function<void()> tell);

  Loop& loop_;
  Target target_;
  Callbacks callbacks_;
  Lookup* lookup_ = nullptr;
  std::vector<SocketAddress> addresses_;  // not tried yet, the next one last
  FileDescriptor fd_;
  FdWatch watch_;
  LocalTimer timeout_;
  int newest_failure_ = 0;
};

}  // namespace drawbridge
