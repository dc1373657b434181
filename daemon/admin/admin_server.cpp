#include "daemon/admin/admin_server.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace drawbridge::admin {
namespace {

constexpr size_t clients_at_once = 64;  // docs/spec/admin.md, section 6
// Further ones wait with the kernel: a crowd of short requests is served in turn. Behind clients that stay, they are told.
constexpr Duration longest_wait = std::chrono::seconds(5);

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

// Never read a request: 0 stands for whichever it is.
void refuse(int fd) {
  Bytes frame;
  Error full{ErrorCode::limit, "Too many programs are talking to Drawbridge at once.",
             "End some drawbridge commands that stay, such as status --watch, then try again."};
  if (append_frame(frame, encode(failed(0, full)))) (void)send(fd, frame.data(), frame.size(), MSG_NOSIGNAL);
}

}  // namespace

AdminServer::AdminServer(Loop& loop, int listener, std::function<void(CallPtr)> request, std::optional<gid_t> group)
    : loop_(loop),
      listener_(listener),
      group_(group),
      request_(std::move(request)),
      watch_(loop, listener, [this](unsigned) { accept_all(); }),
      patience_(loop, [this] { refuse_waiting(); }) {
  watch_.want(FdWatch::readable);
}

FileDescriptor AdminServer::accept_one() const {
  return FileDescriptor(accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

void AdminServer::accept_all() {
  while (clients_.size() < clients_at_once) {
    FileDescriptor fd = accept_one();
    if (!fd) return;
    if (is_owner(fd.get(), group_)) take(std::move(fd));
  }
  watch_.want(0);
  patience_.start(longest_wait);
}

void AdminServer::take(FileDescriptor fd) {
  Client& client = clients_.emplace_back();
  auto over = [this, &client] {
    client.over = true;
    any_over_ = true;
  };
  client.connection = std::make_unique<AdminConnection>(loop_, std::move(fd), AdminConnection::Callbacks{request_, over});
}

void AdminServer::refuse_waiting() {
  while (FileDescriptor fd = accept_one()) {
    if (is_owner(fd.get(), group_)) refuse(fd.get());
  }
  patience_.start(longest_wait);
}

void AdminServer::sweep() {
  if (!std::exchange(any_over_, false)) return;
  clients_.remove_if([](const Client& client) { return client.over; });
  if (clients_.size() == clients_at_once) return;
  patience_.stop();
  watch_.want(FdWatch::readable);
}

}  // namespace drawbridge::admin
