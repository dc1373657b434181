#include "daemon/io/stream_socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "daemon/io/system_error.hpp"

namespace drawbridge {
namespace {

constexpr int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

ConnectAttempt connect_stream(const SystemAddress& address) {
  ConnectAttempt attempt;
  attempt.fd.reset(socket(address.family(), type, 0));
  if (!attempt.fd) {
    attempt.number = errno;
    return attempt;
  }
  if (address.family() != AF_UNIX) set_no_delay(attempt.fd.get());
  int failed = connect(attempt.fd.get(), address.get(), address.length);
  // On loopback the handshake has happened inside the call, although it says EINPROGRESS: a second call tells, and
  // spares a turn of the loop.
  if (failed && errno == EINPROGRESS) failed = connect(attempt.fd.get(), address.get(), address.length);
  attempt.number = failed ? errno : 0;
  bool waiting = attempt.number == EALREADY || attempt.number == EINPROGRESS;
  attempt.state = !failed || attempt.number == EISCONN ? ConnectState::connected
                  : waiting                            ? ConnectState::under_way
                                                       : ConnectState::failed;
  return attempt;
}

}  // namespace

void set_no_delay(int fd) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void reset_on_close(int fd) {
  linger at_once{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

Result<FileDescriptor> listen_tcp(const SocketAddress& address) {
  SystemAddress system = to_system(address);
  FileDescriptor fd(socket(system.family(), type, 0));
  int on = 1;
  // As UDP sockets: "[::]" is IPv6's, so that both families can be listed side by side.
  if (fd && !address.is_v4()) setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  bool listening = fd && setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                   bind(fd.get(), system.get(), system.length) == 0 && listen(fd.get(), SOMAXCONN) == 0;
  if (listening) return fd;
  return system_error("Cannot listen on " + to_text(address), errno, "Choose another port, or 0 for any that is free.");
}

FileDescriptor accept_stream(int listener) {
  FileDescriptor fd(accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (fd) set_no_delay(fd.get());
  return fd;
}

bool to_system(const std::string& path, SystemAddress& out) {
  auto* address = reinterpret_cast<sockaddr_un*>(&out.storage);
  if (path.size() >= sizeof address->sun_path) return false;
  address->sun_family = AF_UNIX;
  std::memcpy(address->sun_path, path.c_str(), path.size() + 1);
  out.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return true;
}

ConnectAttempt connect_tcp(const SocketAddress& address) {
  return connect_stream(to_system(address));
}

ConnectAttempt connect_unix(const std::string& path) {
  SystemAddress address;
  if (to_system(path, address)) return connect_stream(address);
  ConnectAttempt attempt;
  attempt.number = ENAMETOOLONG;
  return attempt;
}

ConnectState connect_result(int fd, int& number) {
  socklen_t length = sizeof number;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &length) != 0) number = errno;
  return number == 0 ? ConnectState::connected : ConnectState::failed;
}

}  // namespace drawbridge
