// An office's port mapping behind routers of a test's choice.
#pragma once

#include "daemon/nat/port_mapping.hpp"
#include "tests/unit/daemon/run_until.hpp"

namespace drawbridge {

constexpr uint16_t own_port = 40'123;
constexpr PcpNonce own_nonce{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

inline MappingTimes quick() {
  MappingTimes times;
  times.check_every = 30ms;
  times.retry = 50ms;
  times.shortest_pause = 30ms;
  times.pcp_patience = 100ms;
  times.nat_pmp_patience = 300ms;
  times.upnp_search = 10ms;
  return times;
}

inline MappingTimes patient() {
  MappingTimes times = quick();
  times.check_every = times.retry = 10min;
  return times;
}

struct OfficeBehind {
  Loop loop;
  std::vector<MappedAddress> mapped;
  int changes = 0;
  PortMapping mapping;

  explicit OfficeBehind(const std::vector<Gateway>& gateways, const MappingTimes& times = quick())
      : mapping(
            loop,
            [this](const std::vector<MappedAddress>& now) {
              mapped = now;
              ++changes;
            },
            times) {
    mapping.start(own_port, own_nonce);
    mapping.handle_network_change(gateways);
  }
  template <typename Condition>
  bool until(Condition condition) {
    return run_until(loop, condition);
  }
  GatewayFinding finding(size_t at = 0) const { return at < mapping.findings().size() ? mapping.findings()[at] : GatewayFinding{}; }
  bool reaches(GatewayState state) {
    return until([&] { return finding().state == state; });
  }
};

}  // namespace drawbridge
