#include "daemon/io/udp_open.hpp"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <cerrno>

#include "daemon/io/socket_address.hpp"
#include "daemon/io/system_error.hpp"

namespace drawbridge {
namespace {

// Room for a burst of one bandwidth-delay product at 500 Mbit/s and 60 ms.
constexpr int socket_buffer_bytes = 4 * 1024 * 1024;

void set(int fd, int level, int option, int value) {
  setsockopt(fd, level, option, &value, sizeof value);
}

// The plain option is capped by the administrator's limit; the forced one needs a capability that we seldom have.
void enlarge(int fd, int option, int forced_option) {
  int value = socket_buffer_bytes;
  if (setsockopt(fd, SOL_SOCKET, forced_option, &value, sizeof value) != 0) set(fd, SOL_SOCKET, option, value);
}

void configure_v4(int fd) {
  set(fd, IPPROTO_IP, IP_PKTINFO, 1);
  set(fd, IPPROTO_IP, IP_RECVTOS, 1);
  set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
}

void configure_v6(int fd) {
  set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
  set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
}

Error bind_error(const SocketAddress& address, int number) {
  std::string where = "UDP " + to_text(address);
  if (number == EADDRINUSE) {
    return {ErrorCode::already_exists, where + " is already used by another program.",
            "Stop that program, or choose another port with --listen (port 0 takes any that is free)."};
  }
  return system_error("Cannot listen on " + where, number, "Choose an address of this computer with --listen.");
}

}  // namespace

Result<FileDescriptor> open_udp(const SocketAddress& address) {
  SystemAddress system = to_system(address);
  FileDescriptor fd(socket(system.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return bind_error(address, errno);
  address.is_v4() ? configure_v4(fd.get()) : configure_v6(fd.get());
  enlarge(fd.get(), SO_RCVBUF, SO_RCVBUFFORCE);
  enlarge(fd.get(), SO_SNDBUF, SO_SNDBUFFORCE);
  // Older kernels do not know GRO: datagrams then come one by one.
  set(fd.get(), IPPROTO_UDP, UDP_GRO, 1);
  if (bind(fd.get(), system.get(), system.length) != 0) return bind_error(address, errno);
  return fd;
}

}  // namespace drawbridge
