// LocalForward: on a device, one local address for each service that an office offers.
//
// The local connection is accepted at once and its flow opened at once: bytes are under way while the office still
// connects to its target.
#pragma once

#include <map>
#include <memory>

#include "daemon/services/flow_table.hpp"
#include "daemon/services/datagram_forward.hpp"
#include "daemon/storage/settings.hpp"
#include "protocol/node.hpp"

namespace drawbridge {

class LocalForward {
 public:
  struct Hooks {
    std::function<Result<FlowId>(const DeviceId& office, const std::string& service)> open_flow;
    std::function<void(const LocalRefusal&)> refused;
  };

  // Everything given must outlive the forward.
  LocalForward(Loop& loop, FlowTable& flows, Settings& settings, SocketOwners& owners, const LocalUsers& users,
               Hooks hooks);

  // Opens and closes listeners so that exactly these services have one.
  void offer(const std::vector<OfferedService>& services);

  // Where the service can be reached on this machine; empty: no address could be had.
  std::optional<SocketAddress> address(const DeviceId& office, const std::string& service) const;

 private:
  using Key = std::pair<DeviceId, std::string>;
  struct Entry {
    std::string kind;
    std::unique_ptr<LocalEntry> local;
  };
  void open(const OfferedService& service);
  FileDescriptor listen_at_a_free_port(const OfferedService& service, const SocketAddress& ip,
                                       const std::optional<SocketAddress>& kept);
  std::unique_ptr<LocalEntry> entry_for(const OfferedService& service, FileDescriptor fd);
  void accepted(const Key& key, FileDescriptor fd);

  Loop& loop_;
  FlowTable& flows_;
  Settings& settings_;
  SocketOwners& owners_;
  const LocalUsers& users_;
  Hooks hooks_;
  std::map<Key, Entry> entries_;
};

}  // namespace drawbridge
