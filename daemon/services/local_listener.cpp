#include "daemon/services/local_listener.hpp"

#include <cerrno>

#include "daemon/io/stream_socket.hpp"

namespace drawbridge {
namespace {

constexpr int accepts_a_turn = 64;
// Without a free descriptor the connection stays in the queue, and the queue stays ready: look again later.
constexpr Duration pause_when_full = 100ms;

}  // namespace

LocalListener::LocalListener(Loop& loop, FileDescriptor listener, SocketOwners& owners, const LocalUsers& users,
                             Callbacks callbacks)
    : fd_(std::move(listener)),
      address_(own_address(fd_.get())),
      owners_(owners),
      users_(users),
      callbacks_(std::move(callbacks)),
      watch_(loop, fd_.get(), [this](unsigned) { accept_all(); }),
      pause_(loop, [this] { watch_.want(FdWatch::readable); }) {
  watch_.want(FdWatch::readable);
}

void LocalListener::accept_all() {
  for (int i = 0; i < accepts_a_turn; ++i) {
    FileDescriptor fd = accept_stream(fd_.get());
    if (!fd) return pause_if_full();
    if (allowed(fd.get())) {
      callbacks_.accepted(std::move(fd));
    } else {
      reset_on_close(fd.get());
    }
  }
}

void LocalListener::pause_if_full() {
  if (errno != EMFILE && errno != ENFILE) return;
  watch_.want(0);
  pause_.start(pause_when_full);
}

bool LocalListener::allowed(int fd) {
  SocketAddress client = peer_address(fd);
  std::optional<uid_t> user = owners_.owner(SocketOwners::Kind::stream, client, own_address(fd));
  if (user && users_.contains(*user)) return true;
  callbacks_.refused({address_, client, user});
  return false;
}

}  // namespace drawbridge
