// OutsideAddresses: where this office can be reached from outside whoever sends, by ports that routers have mapped for us
// and those that the owner has forwarded by hand, and what the node is told of it.
//
// Only an office is looked for. A device's router is asked when a connection stays relayed: then its port may be the only
// one that the other end can reach.
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
  OutsideAddresses(Loop& loop, Log& log, Node& node, const Identity& identity)
      : loop_(loop), log_(log), node_(node), identity_(identity), relayed_(loop, [this] { look_at_paths(); }), fixed_(loop, [this] { tell(); }) {}

  // Asks the routers for a port, once this is worth it and one of our sockets, `listening`, can be reached by them.
  // Cheap: call at the start and after whatever may have made a difference.
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
  bool is_relayed() const;
  void look_at_paths();
  void ask();
  void mapped(const std::vector<MappedAddress>& addresses);
  void tell();

  Loop& loop_;
  Log& log_;
  Node& node_;
  const Identity& identity_;
  std::unique_ptr<PortMapping> mapping_;
  uint16_t port_ = 0;         // to be mapped; 0: none of ours can be
  LocalTimer relayed_;        // runs while a relayed path may still become a direct one by itself
  bool waiting_ = false;
  FixedAddresses fixed_;
};

}  // namespace drawbridge
