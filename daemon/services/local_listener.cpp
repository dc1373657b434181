#include "daemon/services/local_listener.hpp"

#include "daemon/io/stream_socket.hpp"

namespace drawbridge {
namespace {

constexpr int accepts_a_turn = 64;

}  // namespace

LocalListener::LocalListener(Loop& loop, FileDescriptor listener, SocketOwners& owners, const LocalUsers& users, Callbacks callbacks)
    : fd_(std::move(listener)),
      address_(own_address(fd_.get())),
      owners_(owners),
      users_(users),
      callbacks_(std::move(callbacks)),
      watch_(loop, fd_.get(), [this](unsigned) { accept_all(); }) {
  watch_.want(FdWatch::readable);
}

void LocalListener::accept_all() {
  for (int i = 0; i < accepts_a_turn; ++i) {
    FileDescriptor fd = accept_stream(fd_.get());
    if (!fd) return;
    if (allowed(fd.get())) {
      callbacks_.accepted(std::move(fd));
    } else {
      reset_on_close(fd.get());
    }
  }
}

bool LocalListener::allowed(int fd) {
  SocketAddress client = peer_address(fd);
  std::optional<uid_t> user = owners_.owner(client, own_address(fd));
  if (user && users_.contains(*user)) return true;
  callbacks_.refused({address_, client, user});
  return false;
}

}  // namespace drawbridge
