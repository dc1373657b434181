#include "daemon/nat/port_mapping.hpp"

#include <cassert>

namespace drawbridge {

PortMapping::PortMapping(Loop& loop, Changed changed, const MappingTimes& times)
    : loop_(loop), changed_(std::move(changed)), times_(times) {}

PortMapping::~PortMapping() { stop(); }

void PortMapping::start(uint16_t port, const PcpNonce& nonce) {
  assert(!worker_ && port != 0);
  worker_ = std::make_unique<MappingWorker>(port, nonce, times_);
  watch_ = FdWatch(loop_, worker_->news(), [this](unsigned) { read_news(); });
  watch_.want(FdWatch::readable);
}

void PortMapping::handle_network_change(const std::vector<Gateway>& gateways) {
  if (worker_) worker_->ask(gateways);
}

void PortMapping::stop() {
  watch_.close();
  worker_.reset();
}

void PortMapping::read_news() {
  findings_ = worker_->findings();
  std::vector<MappedAddress> now;
  for (const GatewayFinding& finding : findings_) {
    if (finding.state == GatewayState::mapped) now.push_back({finding.external, finding.protocol, finding.gateway});
  }
  if (now == mapped_) return;
  mapped_ = now;
  changed_(now);
}

}  // namespace drawbridge
