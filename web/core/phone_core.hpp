// PhoneCore: a Node that is a device and whose driver is a web page. What the page calls is in exports.cpp; tests call
// this class. docs/spec/phone.md.
//
// Contract. After any call that is not const, settle() once: it sends, stores and tells, and says when to call again.
// What is borrowed is valid until the next call. A page's timers come late, or not for hours: nothing depends on them
// while messages of the relay arrive, and wake() makes up for what was missed.
#pragma once

#include <memory>
#include <set>

#include "protocol/node.hpp"
#include "web/core/relay_sockets.hpp"

namespace drawbridge::web {

class PhoneCore {
 public:
  // `host` must outlive the core.
  explicit PhoneCore(Host& host) : host_(host) {}

  // The generator gives neither zeros nor the same bytes twice: a page with a broken one must not begin.
  static bool entropy_works(Entropy& entropy);

  // `settings`: [seed (32 bytes), name, [[kind, key, value]…]] with every stored row. Once, before all else.
  Result<void> start(ByteView settings);
  // The page comes to the foreground, or its network has changed: WebSockets are opened anew, offices are asked at once.
  void wake();

  Result<RequestId> join(std::string_view link, std::string own_name);
  Result<RequestId> leave(std::string_view office);
  Result<RequestId> ping(std::string_view office, Duration timeout);

  Result<FlowId> open_flow(std::string_view office, const std::string& service);
  MutableBytes write_space(FlowId flow, size_t max) { return node_->write_space(flow, max); }
  void commit_write(FlowId flow, size_t length) { node_->commit_write(host_.now(), flow, length); }
  void finish_write(FlowId flow) { node_->finish_write(host_.now(), flow); }
  ByteView readable(FlowId flow) const { return node_->readable(flow); }
  bool at_end(FlowId flow) const { return node_->at_end(flow); }
  void consume(FlowId flow, size_t length) { node_->consume(host_.now(), flow, length); }
  void reset_flow(FlowId flow);
  // Whether the id is known: flows end by themselves, and the page hears of it after its next call perhaps.
  bool knows(FlowId flow) const { return flows_.contains(flow); }

  RelaySockets& sockets() { return *sockets_; }
  void stored(uint64_t ticket, bool done);
  // Milliseconds until it must be called again, at the latest; nothing: not before something happens.
  std::optional<double> settle();
  Bytes status() const;

 private:
  bool dispatch();
  bool transmit();
  void handle(const Event& event);

  Host& host_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<RelaySockets> sockets_;
  std::unique_ptr<uint8_t[]> buffer_;
  std::set<FlowId> flows_;
};

}  // namespace drawbridge::web
