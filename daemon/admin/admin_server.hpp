// AdminServer: the clients of the control socket. Whoever it serves owns the node: this process's user, root, and the
// members of the socket's group if it has one (docs/spec/admin.md, section 1).
#pragma once

#include <sys/types.h>

#include <list>
#include <optional>

#include "daemon/admin/admin_connection.hpp"

namespace drawbridge::admin {

class AdminServer {
 public:
  // `listener` is borrowed (ControlSocket). `request` is called for each request of a client with the right to ask. `group`: the
  // socket's.
  AdminServer(Loop& loop, int listener, std::function<void(CallPtr)> request,
              std::optional<gid_t> group = std::nullopt);
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // Destroys connections that are over; at the turn's end.
  void sweep();

 private:
  struct Client {
    std::unique_ptr<AdminConnection> connection;
    bool over = false;
  };
  FileDescriptor accept_one() const;
  void accept_all();
  void take(FileDescriptor fd);
  void refuse_waiting();

  Loop& loop_;
  int listener_;
  std::optional<gid_t> group_;
  std::function<void(CallPtr)> request_;
  std::list<Client> clients_;
  bool any_over_ = false;
  FdWatch watch_;
  LocalTimer patience_;  // runs while there is no room
};

}  // namespace drawbridge::admin
