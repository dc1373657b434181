// A node with one flow (of bytes; of datagrams several), in memory: it counts what it is given, hands out what the test lays in, and refuses misuse.
#pragma once

#include <catch2/catch.hpp>

#include <deque>
#include <set>

#include "daemon/services/flow_port.hpp"

namespace drawbridge {

struct FakeFlowPort : FlowPort {
  size_t space = 64 * 1024;  // what the flow still takes
  Bytes written;             // by the local program
  bool finished = false;     // by the local program
  Bytes incoming;            // from the peer, not yet consumed
  bool peer_finished = false;
  size_t consumed = 0;
  FlowReset reset = FlowReset::none;
  std::deque<Bytes> datagrams;        // from the peer, not yet consumed
  std::vector<Bytes> datagrams_sent;

  MutableBytes write_space(FlowId, size_t max) override {
    CHECK_FALSE(finished);
    scratch_.resize(std::min(space, max));
    return scratch_;
  }
  void commit_write(FlowId, size_t length) override {
    REQUIRE(length <= scratch_.size());
    append(written, ByteView(scratch_).first(length));
    space -= length;
  }
  void finish_write(FlowId flow) override {
    CHECK(finished_flows_.insert(flow).second);
    finished = true;
  }
  ByteView readable(FlowId) override { return incoming; }
  bool at_end(FlowId) override { return incoming.empty() && peer_finished; }
  void consume(FlowId, size_t length) override {
    REQUIRE(length <= incoming.size());
    incoming.erase(incoming.begin(), incoming.begin() + static_cast<long>(length));
    consumed += length;
  }
  void send_datagram(FlowId, ByteView datagram) override { datagrams_sent.push_back(to_bytes(datagram)); }
  std::optional<ByteView> readable_datagram(FlowId) override {
    return datagrams.empty() ? std::nullopt : std::optional<ByteView>(datagrams.front());
  }
  void consume_datagram(FlowId) override { datagrams.pop_front(); }
  void reset_flow(FlowId, FlowReset reason) override {
    CHECK(reset == FlowReset::none);
    reset = reason;
  }

 private:
  std::set<FlowId> finished_flows_;
  Bytes scratch_;
};

}  // namespace drawbridge
