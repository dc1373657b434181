// DatagramForward: on a device, the local address of a `udp:` service. Each program that sends to it gets a flow of its
// own, and what comes back on that flow; both are forgotten after a while of silence, as a router would.
//
// Only the owner's programs are let in: whose a sender is, the kernel says.
#pragma once

#include <map>

#include "daemon/services/datagram_pump.hpp"
#include "daemon/services/flow_table.hpp"
#include "daemon/services/local_listener.hpp"

namespace drawbridge {

class DatagramForward : public LocalEntry {
 public:
  struct Callbacks {
    std::function<Result<FlowId>()> open_flow;
    std::function<void(const LocalRefusal&)> refused;  // at most once a second
  };
  struct Around {
    Loop& loop;
    FlowTable& flows;
    FlowPort& port;
    SocketOwners& owners;
    const LocalUsers& users;
  };

  // `fd`: from open_datagram_socket. What is `around` must outlive the forward.
  DatagramForward(const Around& around, FileDescriptor fd, Callbacks callbacks, Duration idle = datagram_flow_idle);
  ~DatagramForward() override;

  const SocketAddress& address() const override { return address_; }
  size_t clients() const { return clients_.size(); }

 private:
  class Client;
  friend class Client;
  void read_in();
  void received(ByteView datagram, const SocketAddress& sender);
  Client* client(const SocketAddress& sender);
  bool allowed(const SocketAddress& sender);
  void refuse(const SocketAddress& sender, std::optional<uid_t> user);
  void make_room();
  void forget_idle();

  Around around_;
  FileDescriptor fd_;
  SocketAddress address_;
  Callbacks callbacks_;
  Duration idle_;
  FdWatch watch_;
  LocalTimer idle_check_;
  Instant refusal_told_{};
  std::map<SocketAddress, Client*> clients_;  // the flow table owns them
};

}  // namespace drawbridge
