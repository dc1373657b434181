// NodeDriver: the only place where the core meets IO. It puts in what happened and, at the end of each turn of the
// loop, takes out everything that the node wants done: rows to disk, datagrams to sockets, events to their readers.
#pragma once

#include <functional>
#include <unordered_map>

#include "daemon/io/lan_groups.hpp"
#include "daemon/io/udp_endpoints.hpp"
#include "daemon/io/watch.hpp"
#include "daemon/observe/metrics.hpp"
#include "daemon/services/flow_port.hpp"
#include "daemon/storage/write_queue.hpp"
#include "protocol/node.hpp"

namespace drawbridge {

class NodeDriver final : public FlowPort {
 public:
  struct Readers {
    std::function<void(const Event&)> event;  // all but RequestDone
    std::function<void()> turn_end;           // everything of this turn is done
    std::function<void(const Error&)> disk_failed;
    std::function<void()> disk_tried;         // after each transaction, whatever came of it
    // The machine or this process has stood still: nothing is as it was.
    std::function<void(Duration)> woke_up;
  };
  // Carries what does not leave by a UDP socket.
  class Outlet {
   public:
    virtual ~Outlet() = default;
    virtual bool carries(const Path& path) const = 0;
    virtual void send(const Transmit& run, ByteView bytes) = 0;  // at once, or never
    virtual void flush() = 0;                                    // at each turn's end
  };
  using Answer = std::function<void(const event::RequestDone&)>;

  // `node` is started already; it and `store` must outlive the driver. Takes over the loop's turn end.
  NodeDriver(Loop& loop, Node& node, RowStore& store, Readers readers);
  ~NodeDriver() override;

  // Must outlive the driver's use; null: none.
  void set_outlet(Outlet* outlet) { outlet_ = outlet; }
  Result<void> listen(const std::vector<SocketAddress>& addresses) { return udp_.open(addresses); }
  std::vector<SocketAddress> listening() const { return udp_.addresses(); }
  LanGroups& lan() { return lan_; }

  // The node, for requests and queries; what they cause happens at the turn's end.
  Node& node() { return node_; }
  Now now() { return loop_.now(); }
  WriteQueue& writes() { return writes_; }
  // Puts what went over the sockets so far into the counters of it.
  void add_traffic(Counters& counters) const;

  // `answer` is called once, when the request is done; not if the driver is destroyed before.
  void when_done(RequestId request, Answer answer);

  // The end of a turn: what can be done now, within a turn's measure.
  void settle();
  // Everything that can be done now, however much: before the node ends.
  void settle_all();
  // From now on nothing is taken out of the node: its state on disk is being replaced.
  void hold() { held_ = true; }

  MutableBytes write_space(FlowId flow, size_t max) override { return node_.write_space(flow, max); }
  void commit_write(FlowId flow, size_t length) override { node_.commit_write(now(), flow, length); }
  void finish_write(FlowId flow) override { node_.finish_write(now(), flow); }
  ByteView readable(FlowId flow) override { return node_.readable(flow); }
  size_t readable(FlowId flow, std::span<ByteView> pieces) override { return node_.readable(flow, pieces); }
  bool at_end(FlowId flow) override { return node_.at_end(flow); }
  void consume(FlowId flow, size_t length) override { node_.consume(now(), flow, length); }
  void send_datagram(FlowId flow, ByteView datagram) override { node_.send_datagram(now(), flow, datagram); }
  std::optional<ByteView> readable_datagram(FlowId flow) override { return node_.readable_datagram(flow); }
  void consume_datagram(FlowId flow) override { node_.consume_datagram(now(), flow); }
  void reset_flow(FlowId flow, FlowReset reason) override { node_.reset_flow(now(), flow, reason); }

 private:
  void received(const DatagramRun& run);
  void persisted(uint64_t ticket, const Result<void>& result);
  void persist();
  bool transmit();
  void send_pending();
  bool blocked() const { return pending_sent_ < pending_.length; }
  bool dispatch_events();
  void notice_standstill();
  void sleep_until(Instant deadline);
  bool do_round();

  Loop& loop_;
  Node& node_;
  Counters traffic_;
  Readers readers_;
  UdpEndpoints udp_;
  LanGroups lan_;
  WriteQueue writes_;
  BootTimer timer_;
  std::unordered_map<RequestId, Answer> answers_;

  std::unique_ptr<uint8_t[]> buffer_;  // one run, filled by the node
  Transmit pending_;                   // the run in buffer_ ...
  size_t pending_sent_ = 0;            // ... and how much of it the kernel has taken
  Outlet* outlet_ = nullptr;
  Instant expected_wake_ = far_future;
  bool held_ = false;
};

}  // namespace drawbridge
