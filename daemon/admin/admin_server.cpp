#include "daemon/admin/admin_server.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "daemon/io/stream_socket.hpp"
#include "daemon/io/system_error.hpp"

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

Result<std::unique_ptr<AdminServer>> AdminServer::open(Loop& loop, const std::string& path, std::function<void(CallPtr)> request) {
  SystemAddress address;
  if (!to_system(path, address)) {
    return Error{ErrorCode::invalid_argument, "The path " + path + " is too long for a control socket.",
                 "Name a shorter folder with --state (at most 95 characters)."};
  }
  FileDescriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  unlink(path.c_str());
  // Before bind: the file never exists with a looser mode.
  bool open = fd && fchmod(fd.get(), 0600) == 0 && bind(fd.get(), address.get(), address.length) == 0 && listen(fd.get(), SOMAXCONN) == 0;
  if (!open) return system_error("Cannot open the control socket " + path, errno, "Check the folder's owner and mode.");
  return std::unique_ptr<AdminServer>(new AdminServer(loop, std::move(fd), path, std::move(request)));
}

AdminServer::AdminServer(Loop& loop, FileDescriptor fd, std::string path, std::function<void(CallPtr)> request)
    : loop_(loop),
      fd_(std::move(fd)),
      path_(std::move(path)),
      request_(std::move(request)),
      watch_(loop, fd_.get(), [this](unsigned) { accept_all(); }) {
  watch_.want(FdWatch::readable);
}

AdminServer::~AdminServer() { unlink(path_.c_str()); }

void AdminServer::accept_all() {
  while (FileDescriptor fd{accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)}) {
    if (!is_owner(fd.get()) || clients_.size() == clients_at_once) continue;
    Client& client = clients_.emplace_back();
    client.connection = std::make_unique<AdminConnection>(loop_, std::move(fd), AdminConnection::Callbacks{request_, [this, &client] {
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
