#include "daemon/nat/pcp.hpp"

#include <poll.h>

#include <algorithm>

#include "daemon/io/clock.hpp"
#include "daemon/io/file_descriptor.hpp"
#include "daemon/io/socket_address.hpp"

namespace drawbridge {
namespace {

constexpr uint16_t pcp_port = 5351;
// Section 8.1.1 begins with 3 s and never ends; a router stands within milliseconds, and its silence must be known soon.
constexpr Duration first_repeat = 60ms;

// Connected: what others send, and what comes from another port, does not arrive (section 8.3).
FileDescriptor open_socket(const Gateway& gateway) {
  FileDescriptor fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  SocketAddress server = gateway.address;
  server.port = pcp_port;
  SystemAddress local = to_system(gateway.local), remote = to_system(server);
  if (!fd || bind(fd.get(), local.get(), local.length) != 0 || connect(fd.get(), remote.get(), remote.length) != 0) return {};
  return fd;
}

enum class Woken { by_answer, by_time, by_interrupt };

Woken wait(int fd, int interrupt, Duration longest) {
  pollfd watched[] = {{fd, POLLIN, 0}, {interrupt, POLLIN, 0}};
  int ready = poll(watched, 2, static_cast<int>(std::max<int64_t>(to_ms(longest), 0) + 1));
  if (watched[1].revents != 0) return Woken::by_interrupt;
  return ready > 0 ? Woken::by_answer : Woken::by_time;
}

std::optional<PcpMapAnswer> exchange(int fd, const PcpMapRequest& request, const Patience& patience) {
  auto question = encode(request);
  Instant now = read_clocks().boot, end = now + patience.longest, repeat = now;
  for (Duration pause = first_repeat; now < end; now = read_clocks().boot) {
    if (now >= repeat) {
      (void)!send(fd, question.data(), question.size(), MSG_NOSIGNAL);
      repeat = now + pause;
      pause *= 2;
    }
    Woken woken = wait(fd, patience.interrupt, std::min(end, repeat) - now);
    if (woken == Woken::by_interrupt) return std::nullopt;
    if (woken == Woken::by_time) continue;
    uint8_t bytes[1'200];
    ssize_t size = recv(fd, bytes, sizeof bytes, 0);
    if (size < 0) return std::nullopt;  // the port is closed there
    if (auto answer = parse_pcp_answer({bytes, static_cast<size_t>(size)}, request)) return answer;
  }
  return std::nullopt;
}

MappingReply failure(uint8_t result) {
  switch (PcpResult{result}) {
    case PcpResult::unsupported_version:
      return {.state = GatewayState::silent, .reason = "The router does not answer."};
    case PcpResult::not_authorized:
      return {.state = GatewayState::refused, .reason = "The router has port mapping switched off."};
    case PcpResult::network_failure:
      return {.state = GatewayState::refused, .reason = "The router says that it has no public address: it is offline, or another router or the provider stands in front of it."};
    case PcpResult::no_resources:
    case PcpResult::quota_exceeded:
    case PcpResult::cannot_provide_external:
      return {.state = GatewayState::refused, .reason = "The router has no mapping left to give."};
    case PcpResult::address_mismatch:
      return {.state = GatewayState::refused, .reason = "Another router stands between this computer and the one that was asked for a port."};
    default:
      return {.state = GatewayState::refused, .reason = "The router refuses to map the port."};
  }
}

}  // namespace

MappingReply pcp_map(const Gateway& gateway, const PcpMapRequest& request, const Patience& patience) {
  FileDescriptor fd = open_socket(gateway);
  auto answer = fd ? exchange(fd.get(), request, patience) : std::nullopt;
  if (!answer) return {.reason = "The router does not answer."};
  if (answer->result != 0) return failure(answer->result);
  bool granted = answer->lifetime.count() > 0 && answer->external.port != 0;
  if (request.lifetime.count() > 0 && !granted) return {.state = GatewayState::garbled, .reason = "The router's answer makes no sense."};
  return {.state = GatewayState::mapped, .external = answer->external, .lifetime = answer->lifetime, .epoch = answer->epoch};
}

}  // namespace drawbridge
