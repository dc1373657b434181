// PortMapping: our UDP port, mapped at the routers in front of this computer, so that peers reach it from outside.
// PCP (RFC 6887), NAT-PMP (RFC 6886) and UPnP IGD.
//
// Everything runs on a thread of its own; the loop is only told. Mappings are renewed at half their lifetime, made anew
// when a router has lost them or has another address, and withdrawn by stop().
#pragma once

#include <functional>
#include <memory>

#include "daemon/io/watch.hpp"
#include "daemon/nat/mapping_worker.hpp"

namespace drawbridge {

class PortMapping {
 public:
  // Called on the loop whenever the list is another than before: what can be reached from outside now. Empty at first.
  using Changed = std::function<void(const std::vector<MappedAddress>&)>;

  PortMapping(Loop& loop, Changed changed, const MappingTimes& times = {});
  // As stop().
  ~PortMapping();

  // `port`: of our UDP socket, 1 to 65535; `nonce`: the node's own, kept over restarts. Nothing is asked before the first
  // handle_network_change. Once.
  void start(uint16_t port, const PcpNonce& nonce);
  // After start and after every network event, with default_gateways() (or others, in tests): all are asked again at
  // once. What was mapped at a gateway that is no longer named is forgotten.
  void handle_network_change(const std::vector<Gateway>& gateways);
  // Withdraws what is mapped; holds its caller up for times.stop_patience at most. `changed` is not called any more.
  void stop();

  // One for each gateway, for `netcheck` and `status`. A gateway that is being asked for the first time: `asking`.
  const std::vector<GatewayFinding>& findings() const { return findings_; }
  const std::vector<MappedAddress>& mapped() const { return mapped_; }

 private:
  void read_news();

  Loop& loop_;
  Changed changed_;
  MappingTimes times_;
  std::unique_ptr<MappingWorker> worker_;
  FdWatch watch_;
  std::vector<GatewayFinding> findings_;
  std::vector<MappedAddress> mapped_;
};

}  // namespace drawbridge
