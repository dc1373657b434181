// port_mapper PORT: maps a UDP port at the default gateways and echoes what arrives there, until its input ends.
// Prints each finding as a JSON line when it changes. A line of input stands for a network event.
#include <fmt/format.h>
#include <sys/socket.h>

#include <cstdio>

#include "daemon/io/socket_address.hpp"
#include "daemon/nat/port_mapping.hpp"

using namespace drawbridge;

namespace {

FileDescriptor bound_socket(uint16_t port) {
  FileDescriptor fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  SystemAddress address = to_system(SocketAddress::v4(0, 0, 0, 0, port));
  if (bind(fd.get(), address.get(), address.length) != 0) std::abort();
  return fd;
}

void echo(int fd) {
  char buffer[1500];
  SystemAddress from;
  from.length = sizeof from.storage;
  ssize_t length = recvfrom(fd, buffer, sizeof buffer, 0, from.get(), &from.length);
  if (length > 0) (void)!sendto(fd, buffer, static_cast<size_t>(length), 0, from.get(), from.length);
}

void print(const std::vector<GatewayFinding>& findings) {
  for (const GatewayFinding& f : findings) {
    fmt::print(R"({{"gateway":"{}","protocol":"{}","state":"{}","external":"{}","lifetime_s":{},"lost_state":{},"reason":"{}"}})" "\n",
               to_text(f.gateway), code_name(f.protocol), code_name(f.state), to_text(f.external), f.lifetime.count(), f.lost_state, f.reason);
  }
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 2;
  auto port = static_cast<uint16_t>(std::atoi(arguments[1]));
  FileDescriptor socket = bound_socket(port);
  Loop loop;
  MappingTimes times;
  times.check_every = times.retry = 500ms;
  PortMapping mapping(loop, [](const std::vector<MappedAddress>&) {}, times);
  std::vector<GatewayFinding> shown;
  FdWatch arrivals(loop, socket.get(), [&](unsigned) { echo(socket.get()); });
  arrivals.want(FdWatch::readable);
  FdWatch input(loop, 0, [&](unsigned) {
    char line[256];
    if (read(0, line, sizeof line) <= 0) return loop.stop();
    mapping.handle_network_change(default_gateways());
  });
  input.want(FdWatch::readable);
  loop.at_turn_end([&] {
    if (mapping.findings() == shown) return;
    shown = mapping.findings();
    print(shown);
  });
  mapping.start(port, PcpNonce{1});
  mapping.handle_network_change(default_gateways());
  loop.run();
  mapping.stop();
  return 0;
}
