// LocalListener: a TCP listener of this machine that lets in only the owner's programs.
#pragma once

#include <functional>
#include <set>

#include "daemon/io/watch.hpp"
#include "daemon/services/socket_owner.hpp"

namespace drawbridge {

// The users whose programs may use this node's local addresses.
using LocalUsers = std::set<uid_t>;

// A connection that was reset because its program is not of an allowed user.
struct LocalRefusal {
  SocketAddress server;  // the local address it tried
  SocketAddress client;
  std::optional<uid_t> user;  // empty: the program was gone before it could be asked for
};

// Something of this machine that its programs reach a service by.
class LocalEntry {
 public:
  virtual ~LocalEntry() = default;
  virtual const SocketAddress& address() const = 0;
};

class LocalListener : public LocalEntry {
 public:
  struct Callbacks {
    std::function<void(FileDescriptor)> accepted;
    std::function<void(const LocalRefusal&)> refused;
  };

  // `listener`: from listen_tcp. `users` and `owners` must outlive the listener.
  LocalListener(Loop& loop, FileDescriptor listener, SocketOwners& owners, const LocalUsers& users,
                Callbacks callbacks);

  const SocketAddress& address() const override { return address_; }

 private:
  void accept_all();
  void pause_if_full();
  bool allowed(int fd);

  FileDescriptor fd_;
  SocketAddress address_;
  SocketOwners& owners_;
  const LocalUsers& users_;
  Callbacks callbacks_;
  FdWatch watch_;
  LocalTimer pause_;
};

}  // namespace drawbridge
