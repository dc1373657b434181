#include "daemon/nat/nat_pmp.hpp"

#include <natpmp.h>
#include <poll.h>
#include <sys/time.h>

#include <algorithm>
#include <cstring>

#include "daemon/io/clock.hpp"

namespace drawbridge {
namespace {

class Request {
 public:
  explicit Request(const Gateway& gateway) {
    in_addr_t ip = 0;
    std::memcpy(&ip, gateway.address.ip.data() + 12, sizeof ip);
    open_ = initnatpmp(&session_, 1, ip) == 0;
  }
  ~Request() {
    if (open_) closenatpmp(&session_);
  }
  Request(const Request&) = delete;

  bool open() const { return open_; }
  natpmp_t* raw() { return &session_; }

  // The library's code for the answer; NATPMP_TRYAGAIN: none came in time.
  int wait(natpmpresp_t& answer, const Patience& patience) {
    Instant end = read_clocks().boot + patience.longest;
    for (;;) {
      int result = readnatpmpresponseorretry(&session_, &answer);
      Duration left = end - read_clocks().boot;
      if (result != NATPMP_TRYAGAIN || left <= 0ns || !sleep(left, patience.interrupt)) return result;
    }
  }

 private:
  // Until something comes or the library wants to repeat itself; false if interrupted.
  bool sleep(Duration longest, int interrupt) {
    timeval repeat{};
    getnatpmprequesttimeout(&session_, &repeat);
    int64_t ms = std::clamp<int64_t>(repeat.tv_sec * 1'000 + repeat.tv_usec / 1'000 + 1, 1, to_ms(longest) + 1);
    pollfd watched[] = {{session_.s, POLLIN, 0}, {interrupt, POLLIN, 0}};
    return poll(watched, 2, static_cast<int>(ms)) < 0 || watched[1].revents == 0;
  }

  natpmp_t session_{};
  bool open_ = false;
};

MappingReply failure(int code) {
  switch (code) {
    case NATPMP_ERR_NOTAUTHORIZED:
      return {.state = GatewayState::refused, .reason = "The router has port mapping switched off."};
    case NATPMP_ERR_NETWORKFAILURE:
      return {.state = GatewayState::refused, .reason = "The router says that it has no public address: it is offline, or another router or the provider stands in front of it."};
    case NATPMP_ERR_OUTOFRESOURCES:
      return {.state = GatewayState::refused, .reason = "The router has no mapping left to give."};
    case NATPMP_ERR_UNSUPPORTEDVERSION:
    case NATPMP_ERR_UNSUPPORTEDOPCODE:
    case NATPMP_ERR_UNDEFINEDERROR:
    case NATPMP_ERR_WRONGPACKETSOURCE:
      return {.state = GatewayState::garbled, .reason = "The router's answer makes no sense."};
    default:
      return {.state = GatewayState::silent, .reason = "The router does not answer."};
  }
}

MappingReply garbled() { return failure(NATPMP_ERR_UNDEFINEDERROR); }

}  // namespace

MappingReply nat_pmp_external(const Gateway& gateway, const Patience& patience) {
  Request request(gateway);
  if (!request.open() || sendpublicaddressrequest(request.raw()) < 0) return failure(NATPMP_TRYAGAIN);
  natpmpresp_t answer{};
  if (int code = request.wait(answer, patience); code != 0) return failure(code);
  if (answer.type != NATPMP_RESPTYPE_PUBLICADDRESS) return garbled();
  MappingReply reply{.state = GatewayState::mapped, .epoch = answer.epoch};
  const auto* ip = reinterpret_cast<const uint8_t*>(&answer.pnu.publicaddress.addr);
  reply.external = SocketAddress::v4(ip[0], ip[1], ip[2], ip[3], 0);
  return reply;
}

MappingReply nat_pmp_map(const Gateway& gateway, uint16_t port, uint16_t external_port, std::chrono::seconds lifetime,
                         const Patience& patience) {
  Request request(gateway);
  auto seconds = static_cast<uint32_t>(lifetime.count());
  if (!request.open() || sendnewportmappingrequest(request.raw(), NATPMP_PROTOCOL_UDP, port, external_port, seconds) < 0)
    return failure(NATPMP_TRYAGAIN);
  natpmpresp_t answer{};
  if (int code = request.wait(answer, patience); code != 0) return failure(code);
  const auto& mapping = answer.pnu.newportmapping;
  if (answer.type != NATPMP_RESPTYPE_UDPPORTMAPPING || mapping.privateport != port) return garbled();
  if (seconds > 0 && (mapping.mappedpublicport == 0 || mapping.lifetime == 0)) return garbled();
  MappingReply reply{.state = GatewayState::mapped, .lifetime = std::chrono::seconds(mapping.lifetime), .epoch = answer.epoch};
  reply.external.port = mapping.mappedpublicport;
  return reply;
}

}  // namespace drawbridge
