#include "daemon/admin/admin_server.hpp"

#include <sys/socket.h>
#include <unistd.h>

namespace drawbridge::admin {
namespace {

constexpr size_t clients_at_once = 64;  // docs/spec/admin.md, section 6

// The kernel vouches for who called connect(2).
bool is_owner(int fd) {
  ucred peer{};
  socklen_t length = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return false;
  return peer.uid == geteuid() || peer.uid == 0;
}

}  // namespace

AdminServer::AdminServer(Loop& loop, int listener, std::function<void(CallPtr)> request)
    : loop_(loop),
      listener_(listener),
      request_(std::move(request)),
      watch_(loop, listener, [this](unsigned) { accept_all(); }) {
  watch_.want(FdWatch::readable);
}

void AdminServer::accept_all() {
  while (FileDescriptor fd{accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)}) {
    if (!is_owner(fd.get()) || clients_.size() == clients_at_once) continue;
    Client& client = clients_.emplace_back();
    client.connection =
        std::make_unique<AdminConnection>(loop_, std::move(fd), AdminConnection::Callbacks{request_, [this, &client] {
                                                                                             client.over = true;
                                                                                             any_over_ = true;
                                                                                           }});
  }
}

void AdminServer::sweep() {
  if (!std::exchange(any_over_, false)) return;
  clients_.remove_if([](const Client& client) { return client.over; });
}

}  // namespace drawbridge::admin
