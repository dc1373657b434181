// FolderServer: HTTP for one exposed folder, on connections that are handed to it; it listens nowhere.
//
// Each connection has its own thread, so a disk that has to spin up, a slow network drive or a long fsync holds up that
// one connection and never the bridge's loop.
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <string>

#include "daemon/io/file_descriptor.hpp"
#include "daemon/sandbox/outside.hpp"
#include "keys/result.hpp"

namespace drawbridge::folder {

class FolderServer {
 public:
  // `folder`: absolute path; need not exist yet. `service`: its name, shown as the page's title. With `outside` each
  // connection's thread is confined to the folder by the kernel before it looks at its first request
  // (daemon/sandbox/sandbox.hpp); null: no sandbox. `state`: the office's own; nothing is served
  // of a folder in which it lies.
  static Result<std::unique_ptr<FolderServer>> start(const std::string& folder, const std::string& service,
                                                     bool read_only = false, Outside* outside = nullptr,
                                                     const std::string& state = {});
  // Ends all connections. Waits for what their threads are doing, two seconds at most: a thread that a hanging disk holds
  // goes on by itself and touches nothing of ours.
  ~FolderServer();
  // The first half of that: several servers end in the time of one.
  void begin_stop();
  FolderServer(const FolderServer&) = delete;
  FolderServer& operator=(const FolderServer&) = delete;

  // A new connection: the client's end, non-blocking. `limit`: too many connections are open.
  Result<FileDescriptor> connect();

 private:
  struct Parts;
  explicit FolderServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;  // empty once stopping has begun
  std::shared_future<void> stopped_;
  std::chrono::steady_clock::time_point deadline_;
};

}  // namespace drawbridge::folder
