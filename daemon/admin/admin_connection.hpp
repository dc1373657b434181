// AdminConnection: one client on the control socket. Frames in, frames out, nothing blocks.
#pragma once

#include <functional>
#include <list>

#include "daemon/admin/call.hpp"
#include "daemon/io/watch.hpp"
#include "protocol/admin/framing.hpp"

namespace drawbridge::admin {

class AdminConnection final : private CallClient {
 public:
  struct Callbacks {
    std::function<void(CallPtr)> request;  // a whole, well-formed request
    std::function<void()> over;            // destroy this connection, but not inside this call
  };

  AdminConnection(Loop& loop, FileDescriptor fd, Callbacks callbacks);
  ~AdminConnection() override;
  AdminConnection(const AdminConnection&) = delete;
  AdminConnection& operator=(const AdminConnection&) = delete;

 private:
  void send(const Response& response) override;
  void finished(Call& call) override;
  void take_stream(std::function<void(FileDescriptor)> taken) override;
  void when_sent(std::function<void()> callback) override;

  void ready(unsigned events);
  void read_in();
  void take_frames();
  void write_out();
  void all_sent();
  void close();

  FileDescriptor fd_;
  Callbacks callbacks_;
  std::optional<uid_t> user_;  // who connected
  FrameDecoder decoder_;
  Bytes unsent_;
  size_t sent_ = 0;           // of unsent_
  std::list<CallPtr> calls_;  // not answered to the end yet
  std::vector<std::function<void()>> when_sent_;
  std::function<void(FileDescriptor)> take_stream_;
  FdWatch watch_;
};

}  // namespace drawbridge::admin
