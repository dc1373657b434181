// AdminServer: the control socket. Who may open it owns the node.
#pragma once

#include <list>
#include <string>

#include "daemon/admin/admin_connection.hpp"

namespace drawbridge::admin {

class AdminServer {
 public:
  // Replaces what is at `path` (the caller holds the state's lock, so it is stale); mode 0600.
  static Result<std::unique_ptr<AdminServer>> open(Loop& loop, const std::string& path, std::function<void(CallPtr)> request);
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // Destroys connections that are over; at the turn's end.
  void sweep();

 private:
  struct Client {
    std::unique_ptr<AdminConnection> connection;
    bool over = false;
  };
  AdminServer(Loop& loop, FileDescriptor fd, std::string path, std::function<void(CallPtr)> request);
  void accept_all();

  Loop& loop_;
  FileDescriptor fd_;
  std::string path_;
  std::function<void(CallPtr)> request_;
  std::list<Client> clients_;
  bool any_over_ = false;
  FdWatch watch_;
};

}  // namespace drawbridge::admin
