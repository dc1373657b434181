#include "daemon/node_driver.hpp"

#include "protocol/base/limits.hpp"

namespace drawbridge {
namespace {

constexpr size_t run_bytes = 64 * 1024;  // Node::poll_transmit's minimum, and the most that one system call takes
// A deadline missed by so much was not missed by a busy machine.
constexpr Duration standstill = 2s;
constexpr Duration blocked_retry = 10ms;
// What one turn does at most before it looks at the sockets and the clock again: about 0.2 ms of work, so that
// a single byte does not wait long behind a bulk transfer. Two rounds: what the first one's datagrams made possible.
constexpr int rounds_a_turn = 2;
constexpr int runs_a_round = 1;
constexpr int rounds_before_the_end = 1'000;  // a local program that always has more must not hold up the end

}  // namespace

NodeDriver::NodeDriver(Loop& loop, Node& node, RowStore& store, Readers readers)
    : loop_(loop),
      node_(node),
      readers_(std::move(readers)),
      udp_(loop, {[this](const DatagramRun& run) { received(run); }, [] {}}, limits::strange_packets_per_second),
      lan_(loop, [this](const DatagramRun& run) { received(run); }),
      writes_(loop, store, [this](uint64_t ticket, const Result<void>& result) { persisted(ticket, result); }),
      timer_(loop, [this] { node_.handle_timeout(now()); }),
      buffer_(new uint8_t[run_bytes]) {
  loop_.at_turn_end([this] { settle(); });
}

NodeDriver::~NodeDriver() {
  loop_.at_turn_end(nullptr);
}

void NodeDriver::when_done(RequestId request, Answer answer) {
  answers_[request] = std::move(answer);
}

void NodeDriver::received(const DatagramRun& run) {
  traffic_.received_bytes += run.bytes.size();
  traffic_.received_datagrams += run.segment_size == 0 ? 1 : (run.bytes.size() + run.segment_size - 1) / run.segment_size;
  node_.handle_datagrams(now(), {run.path, run.ecn, run.segment_size, run.bytes});
}

void NodeDriver::add_traffic(Counters& counters) const {
  counters.received_datagrams += traffic_.received_datagrams;
  counters.received_bytes += traffic_.received_bytes;
  counters.sent_bytes += traffic_.sent_bytes;
}

void NodeDriver::persisted(uint64_t ticket, const Result<void>& result) {
  readers_.disk_tried();
  if (result) return node_.handle_persisted(now(), ticket);
  readers_.disk_failed(result.error());
  node_.handle_persist_failed(now(), ticket, result.error().message);
}

void NodeDriver::settle() {
  if (held_) return readers_.turn_end();
  notice_standstill();
  bool more = true;
  for (int round = 0; more && round < rounds_a_turn; ++round) more = do_round();
  persist();
  if (outlet_) outlet_->flush();
  readers_.turn_end();
  if (!more) return sleep_until(node_.next_timeout());
  expected_wake_ = now().boot;
  loop_.turn_again();
}

void NodeDriver::settle_all() {
  for (int round = 0; round < rounds_before_the_end && do_round(); ++round) {
  }
  persist();
}

// Gives whether there may be more to do.
bool NodeDriver::do_round() {
  persist();
  // Events before datagrams: bytes that local programs take now become credit in the datagrams that follow.
  bool any = dispatch_events();
  any = transmit() || any;
  // What came of the last word of poll_transmit must not wait for something else to happen.
  return dispatch_events() || any;
}

void NodeDriver::sleep_until(Instant deadline) {
  // While a socket is full the node cannot do what it is late for: being woken for that would only turn in circles.
  if (blocked()) deadline = std::max(deadline, now().boot + blocked_retry);
  timer_.arm_no_later_than(deadline);
  expected_wake_ = timer_.armed();
}

void NodeDriver::notice_standstill() {
  if (expected_wake_ == far_future) return;
  Duration late = now().boot - expected_wake_;
  if (late > standstill) readers_.woke_up(late);
}

void NodeDriver::persist() {
  while (auto batch = node_.poll_persist()) writes_.write(std::move(*batch));
}

bool NodeDriver::dispatch_events() {
  bool any = false;
  while (auto event = node_.poll_event()) {
    any = true;
    auto* done = std::get_if<event::RequestDone>(&*event);
    if (const auto* wanted = std::get_if<event::PortsWanted>(&*event)) {
      node_.handle_ports(now(), wanted->peer, udp_.open_more(wanted->count));
    } else if (const auto* released = std::get_if<event::PortsReleased>(&*event)) {
      udp_.close(released->ports);
    } else if (!done) {
      readers_.event(*event);
    } else if (auto waiting = answers_.extract(done->request)) {
      waiting.mapped()(*done);
    }
  }
  return any;
}

// Gives whether anything left. Stops at the first run that a socket cannot take whole: the next turn, when the socket
// is writable, goes on with it.
bool NodeDriver::transmit() {
  send_pending();
  int runs = 0;
  for (; runs < runs_a_round && !blocked(); ++runs) {
    pending_ = node_.poll_transmit(now(), {buffer_.get(), run_bytes});
    pending_sent_ = 0;
    if (pending_.length == 0) break;
    send_pending();
  }
  return runs > 0;
}

void NodeDriver::send_pending() {
  if (!blocked()) return;
  if (outlet_ && outlet_->carries(pending_.path)) {
    outlet_->send(pending_, {buffer_.get(), pending_.length});
    pending_sent_ = pending_.length;
    return;
  }
  if (pending_.path.remote.is_multicast()) {
    // Once by each interface; what one does not take now the next question will say again.
    for (const Path& path : lan_.paths(pending_.path)) udp_.send({path, 0, pending_.length, {buffer_.get(), pending_.length}});
    pending_sent_ = pending_.length;
    return;
  }
  ByteView rest(buffer_.get() + pending_sent_, pending_.length - pending_sent_);
  size_t sent = udp_.send({pending_.path, pending_.ecn, pending_.segment_size, rest, pending_.hop_limit});
  traffic_.sent_bytes += sent;
  pending_sent_ += sent;
}

}  // namespace drawbridge
