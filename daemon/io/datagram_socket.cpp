#include "daemon/io/datagram_socket.hpp"

#include <netinet/in.h>

#include <array>
#include <cerrno>

#include "daemon/io/system_error.hpp"

namespace drawbridge {
namespace {

constexpr size_t largest = 65'536;
constexpr int receives_a_turn = 64;  // then others have theirs
// A second of a fast transfer: what comes while the loop is busy elsewhere is not lost.
constexpr int buffer_bytes = 1024 * 1024;

FileDescriptor open_socket(const SystemAddress& address) {
  FileDescriptor fd(socket(address.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fd;
  int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes);
  if (address.family() == AF_INET6) setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  return fd;
}

}  // namespace

Result<FileDescriptor> open_datagram_socket(const SocketAddress& address) {
  SystemAddress system = to_system(address);
  FileDescriptor fd = open_socket(system);
  if (fd && bind(fd.get(), system.get(), system.length) == 0) return fd;
  int number = errno;
  return Error{number == EADDRINUSE ? ErrorCode::already_exists : ErrorCode::io,
               "Cannot receive datagrams at " + to_text(address) + ": " + system_text(number) + ".",
               "Choose another address, or end the program that uses this one."};
}

ConnectAttempt connect_datagrams(const SocketAddress& address) {
  SystemAddress system = to_system(address);
  FileDescriptor fd = open_socket(system);
  if (fd && connect(fd.get(), system.get(), system.length) == 0) return {std::move(fd), ConnectState::connected, 0};
  return {{}, ConnectState::failed, errno};
}

int receive_datagrams(int fd, const std::function<void(ByteView, const SocketAddress&)>& take) {
  static thread_local std::array<uint8_t, largest> buffer;
  for (int i = 0; i < receives_a_turn; ++i) {
    SystemAddress sender;
    sender.length = sizeof sender.storage;
    ssize_t length = recvfrom(fd, buffer.data(), buffer.size(), 0, sender.get(), &sender.length);
    if (length < 0) return errno;
    take(ByteView(buffer.data(), static_cast<size_t>(length)), from_system(sender.get()));
  }
  return 0;
}

}  // namespace drawbridge
