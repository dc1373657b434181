// OutsideAddresses: where this office can be reached from outside whoever sends, by ports that routers have mapped for us
// and those that the owner has forwarded by hand, and what the node is told of it.
//
// Only an office is looked for: the routers of a mere device are left alone.
#pragma once

#include <memory>

#include "daemon/nat/fixed_addresses.hpp"
#include "daemon/nat/port_mapping.hpp"
#include "daemon/observe/log.hpp"
#include "protocol/node.hpp"

namespace drawbridge {

class OutsideAddresses {
 public:
  // All must outlive it.
  OutsideAddresses(Loop& loop, Log& log, Node& node)
      : loop_(loop), log_(log), node_(node), fixed_(loop, [this] { tell(); }) {}

  // Asks the routers for a port, from the first call on that finds an office listening on one that they can reach.
  // `listening`: our sockets. Cheap: call whenever that may have changed.
  void map_port(const std::vector<SocketAddress>& listening);
  void handle_network_change();
  // The addresses that the owner has fixed.
  void handle(const event::AddressesWanted& wanted) { fixed_.want(wanted.addresses); }
  // Withdraws what is mapped; may take a second.
  void stop() { mapping_.reset(); }

  // What asking the routers has shown, one entry each; empty when none was asked.
  std::vector<GatewayFinding> gateways() const;
  bool any_mapped() const { return mapping_ && !mapping_->mapped().empty(); }
  bool any_fixed() const { return !fixed_.all().empty(); }
  const std::vector<FixedAddressFinding>& fixed() const { return fixed_.findings(); }

 private:
  void mapped(const std::vector<MappedAddress>& addresses);
  void tell();

  Loop& loop_;
  Log& log_;
  Node& node_;
  std::unique_ptr<PortMapping> mapping_;
  FixedAddresses fixed_;
};

}  // namespace drawbridge
