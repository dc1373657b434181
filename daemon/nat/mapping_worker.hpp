// MappingWorker: the thread on which gateways are asked. What it shares with the loop's thread is in one locked place.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>

#include "daemon/io/file_descriptor.hpp"
#include "daemon/nat/gateway_mapper.hpp"

namespace drawbridge {

class MappingWorker {
 public:
  MappingWorker(uint16_t port, const PcpNonce& nonce, const MappingTimes& times);
  // As stop().
  ~MappingWorker();
  MappingWorker(const MappingWorker&) = delete;
  MappingWorker& operator=(const MappingWorker&) = delete;

  // From now on these are the gateways; all are asked again at once.
  void ask(std::vector<Gateway> gateways);
  // Withdraws every mapping. Returns when that is done, or after times.stop_patience: a gateway that hangs is left to
  // the thread, which ends by itself and touches nothing of ours.
  void stop();

  // Readable when findings() has changed; findings() makes it unreadable.
  int news() const;
  std::vector<GatewayFinding> findings();

 private:
  struct Shared;
  static void run(const std::shared_ptr<Shared>& shared);
  std::shared_ptr<Shared> shared_;
  bool stopped_ = false;
};

}  // namespace drawbridge
