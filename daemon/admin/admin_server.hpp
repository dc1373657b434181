// AdminServer: the clients of the control socket. Who may open it owns the node.
#pragma once

#include <list>

#include "daemon/admin/admin_connection.hpp"

namespace drawbridge::admin {

class AdminServer {
 public:
  // `listener` is borrowed (ControlSocket). `request` is called for each request of a client with the right to ask.
  AdminServer(Loop& loop, int listener, std::function<void(CallPtr)> request);
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // Destroys connections that are over; at the turn's end.
  void sweep();

 private:
  struct Client {
    std::unique_ptr<AdminConnection> connection;
    bool over = false;
  };
  void accept_all();

  Loop& loop_;
  int listener_;
  std::function<void(CallPtr)> request_;
  std::list<Client> clients_;
  bool any_over_ = false;
  FdWatch watch_;
};

}  // namespace drawbridge::admin
