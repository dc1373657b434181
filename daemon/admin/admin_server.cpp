#include "daemon/admin/admin_server.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace drawbridge::admin {
namespace {

constexpr size_t clients_at_once = 64;  // docs/spec/admin.md, section 6

constexpr size_t most_groups = 65536;  // NGROUPS_MAX

std::vector<gid_t> further_groups(int fd) {
  std::vector<gid_t> groups(64);
  while (true) {
    auto length = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    bool known = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &length) == 0;
    if (!known && errno == ERANGE && groups.size() < most_groups) {
      groups.resize(most_groups);
      continue;
    }
    groups.resize(known ? length / sizeof(gid_t) : 0);
    return groups;
  }
}

// The kernel vouches for who called connect(2).
bool is_owner(int fd, std::optional<gid_t> group) {
  ucred peer{};
  socklen_t length = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return false;
  if (peer.uid == geteuid() || peer.uid == 0) return true;
  if (!group) return false;
  auto groups = further_groups(fd);
  return peer.gid == *group || std::find(groups.begin(), groups.end(), *group) != groups.end();
}

}  // namespace

AdminServer::AdminServer(Loop& loop, int listener, std::function<void(CallPtr)> request, std::optional<gid_t> group)
    : loop_(loop),
      listener_(listener),
      group_(group),
      request_(std::move(request)),
      watch_(loop, listener, [this](unsigned) { accept_all(); }) {
  watch_.want(FdWatch::readable);
}

void AdminServer::accept_all() {
  while (FileDescriptor fd{accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)}) {
    if (!is_owner(fd.get(), group_) || clients_.size() == clients_at_once) continue;
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
