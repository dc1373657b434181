// Gateway: http://NAME.OFFICE.localhost:8300/ on a device: every service has an origin of its own in the browser.
//
// It listens on 127.0.0.1 and ::1 only, and only while an office offers something; connections of other users of this
// machine are reset.
#pragma once

#include <memory>
#include <vector>

#include "daemon/gateway/connection.hpp"
#include "daemon/gateway/labels.hpp"
#include "daemon/services/local_listener.hpp"

namespace drawbridge::gateway {

constexpr uint16_t default_port = 8300;

class Gateway {
 public:
  struct Hooks {
    std::function<Result<FlowId>(const DeviceId& office, const std::string& service)> open_flow;
    std::function<std::string(const DeviceId& office)> office_name;
    std::function<void(const LocalRefusal&)> refused;
    // It listens elsewhere than asked, because another program is there already. 0: nowhere.
    std::function<void(uint16_t port)> moved;
  };

  // Everything given must outlive the gateway. `port`: 0 switches it off.
  Gateway(Loop& loop, FlowTable& flows, FlowPort& port_of_flows, Settings& settings, SocketOwners& owners,
          const LocalUsers& users, uint16_t port, Hooks hooks);
  ~Gateway();

  // From now on exactly these services can be reached.
  void offer(const std::vector<OfferedService>& services);
  // Empty: the service is not for browsers, or the gateway does not listen.
  std::string url(const DeviceId& office, const std::string& service) const;
  // 0: it does not listen.
  uint16_t port() const { return listening_port_; }
  // Destroys connections that are over; call at the turn's end.
  void sweep() { gone_.clear(); }

 private:
  void listen();
  bool listen_at(uint16_t port);
  void accepted(FileDescriptor fd);
  void forget(Connection* connection);

  Settings& settings_;
  SocketOwners& owners_;
  const LocalUsers& users_;
  uint16_t wanted_port_, listening_port_ = 0;
  Hooks hooks_;
  OfficeLabels labels_;
  Routes routes_;
  Connection::Surroundings around_;
  std::vector<std::unique_ptr<LocalListener>> listeners_;
  std::vector<std::unique_ptr<Connection>> connections_, gone_;
};

}  // namespace drawbridge::gateway
