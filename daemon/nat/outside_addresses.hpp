// OutsideAddresses: where this office can be reached from outside whoever sends, and what the node is told of it.
//
// Only an office is looked for: the routers of a mere device are left alone.
#pragma once

#include <memory>

#include "daemon/nat/port_mapping.hpp"
#include "daemon/observe/log.hpp"
#include "protocol/node.hpp"

namespace drawbridge {

class OutsideAddresses {
 public:
  // All must outlive it.
  OutsideAddresses(Loop& loop, Log& log, Node& node) : loop_(loop), log_(log), node_(node) {}

  // Asks the routers for a port, from the first call on that finds an office listening on one that they can reach.
  // `listening`: our sockets. Cheap: call whenever that may have changed.
  void map_port(const std::vector<SocketAddress>& listening);
  void handle_network_change();
  // Withdraws what is mapped; may take a second.
  void stop() { mapping_.reset(); }

  // What asking the routers has shown, one entry each; empty when none was asked.
  std::vector<GatewayFinding> gateways() const;

 private:
  void mapped(const std::vector<MappedAddress>& addresses);

  Loop& loop_;
  Log& log_;
  Node& node_;
  std::unique_ptr<PortMapping> mapping_;
};

}  // namespace drawbridge
