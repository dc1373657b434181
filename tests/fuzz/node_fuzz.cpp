// A whole office and a whole laptop in a live session, and somebody who sends datagrams: from elsewhere, and with the
// laptop's and the office's addresses forged. One world lives through many inputs; what it has seen are the samples.
#include <deque>

#include "protocol/node.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/sim/seeded_entropy.hpp"

using namespace drawbridge;

namespace {

struct Computer {
  Computer(const char* name, uint64_t seed, SocketAddress at) : entropy(seed), address(at) {
    identity = identity_from_seed(entropy.secret32());
    node = std::make_unique<Node>(NodeConfig{.identity = identity, .name = name}, entropy);
  }
  sim::SeededEntropy entropy;
  SocketAddress address;
  Identity identity;
  std::unique_ptr<Node> node;
  bool failed = false, done = false;
  FlowId flow = 0;
  uint64_t read = 0;
};

struct Flying {
  SocketAddress from, to;
  Bytes datagram;
};

class Street {
 public:
  explicit Street(uint64_t seed)
      : office_("Office", seed * 2, SocketAddress::v4(192, 0, 2, 1, 7470)), laptop_("Laptop", seed * 2 + 1, SocketAddress::v4(192, 0, 2, 2, 7470)) {
    for (Computer* one : {&office_, &laptop_}) {
      fuzz::require(one->node->start(now(), {}).ok(), "a new node starts");
      one->node->handle_network_change(now(), {one->address});
    }
    fuzz::require(office_.node->expose(now(), {"echo", "tcp", "127.0.0.1:80", 80}).ok(), "a service is exposed");
    pair();
    laptop_.flow = *laptop_.node->open_flow(now(), office_.identity.id, "echo");
    for (int i = 0; i < 5; ++i) fuzz::require(echo(200), "a live session answers");
    recording_ = false;
  }

  void inject(const SocketAddress& from, const Computer& to, ByteView datagram) { wire_.push_back({from, to.address, to_bytes(datagram)}); }
  void inject_everywhere(ByteView datagram) {
    inject(stranger_, office_, datagram);
    inject(stranger_, laptop_, datagram);
    inject(laptop_.address, office_, datagram);
    inject(office_.address, laptop_, datagram);
    run(20ms, [] { return false; });
  }

  // Bytes on the open flow, and all of them back.
  bool echo(size_t length) {
    uint64_t wanted = laptop_.read + length;
    for (size_t left = length; left > 0;) {
      MutableBytes room = laptop_.node->write_space(laptop_.flow, left);
      if (room.empty()) return false;
      std::fill(room.begin(), room.end(), uint8_t{0x55});
      laptop_.node->commit_write(now(), laptop_.flow, room.size());
      left -= room.size();
    }
    return run(5s, [&] { return laptop_.read >= wanted; });
  }
  uint64_t told_to_stranger() const { return told_to_stranger_; }
  const std::vector<Bytes>& recorded() const { return recorded_; }

 private:
  Now now() const { return {boot_, {1'800'000'000'000 + to_ms(boot_.time_since_epoch())}}; }

  void pair() {
    auto invitation = office_.node->create_invitation(now(), {.grants = {{"*", {}}}, .addresses = {office_.address}});
    fuzz::require(invitation.ok(), "an invitation is made");
    run(1s, [] { return false; });
    laptop_.done = false;
    fuzz::require(laptop_.node->join(now(), invitation->link, "Laptop").ok(), "a good link is taken");
    fuzz::require(run(30s, [&] { return laptop_.done; }) && !laptop_.failed, "a laptop can be paired");
  }

  void handle(Computer& one, const Event& event) {
    if (const auto* e = std::get_if<event::RequestDone>(&event)) one.done = true, one.failed = e->error.has_value();
    if (const auto* e = std::get_if<event::FlowRequested>(&event)) {
      one.flow = e->flow;
      one.node->accept_flow(now(), e->flow);
    }
    if (const auto* e = std::get_if<event::FlowEnded>(&event); e && e->flow == one.flow) one.flow = 0;
  }

  // The office's program echoes, the laptop's counts.
  void serve(Computer& one) {
    for (ByteView bytes; one.flow && !(bytes = one.node->readable(one.flow)).empty();) {
      Bytes copy = to_bytes(bytes);
      one.node->consume(now(), one.flow, copy.size());
      one.read += copy.size();
      if (&one != &office_) continue;
      MutableBytes room = one.node->write_space(one.flow, copy.size());
      fuzz::require(room.size() == copy.size(), "an echo of a few bytes has room");
      std::copy(copy.begin(), copy.end(), room.begin());
      one.node->commit_write(now(), one.flow, copy.size());
    }
  }

  void pump(Computer& one) {
    for (bool busy = true; busy;) {
      busy = false;
      if (auto batch = one.node->poll_persist()) one.node->handle_persisted(now(), batch->ticket), busy = true;
      for (Transmit out; (out = one.node->poll_transmit(now(), buffer_)).length > 0; busy = true) {
        for (size_t at = 0; at < out.length; at += out.segment_size) {
          send(one.address, out.path.remote, ByteView(buffer_).subspan(at, std::min(out.segment_size, out.length - at)));
        }
      }
      while (auto event = one.node->poll_event()) handle(one, *event), busy = true;
      serve(one);
    }
  }

  void send(const SocketAddress& from, const SocketAddress& to, ByteView datagram) {
    if (to == stranger_) ++told_to_stranger_;
    if (recording_ && recorded_.size() < 400) recorded_.push_back(to_bytes(datagram));
    wire_.push_back({from, to, to_bytes(datagram)});
  }

  bool run(Duration longest, const std::function<bool()>& done) {
    Instant until = boot_ + longest;
    while (true) {
      pump(office_);
      pump(laptop_);
      if (done()) return true;
      if (boot_ >= until) return false;
      Instant next = std::min({office_.node->next_timeout(), laptop_.node->next_timeout(), wire_.empty() ? far_future : boot_ + 1ms, until});
      boot_ = std::max(next, boot_ + 1us);
      for (size_t waiting = wire_.size(); waiting > 0; --waiting) deliver();
      for (Computer* one : {&office_, &laptop_}) {
        if (one->node->next_timeout() <= boot_) one->node->handle_timeout(now());
      }
    }
  }

  void deliver() {
    Flying arrived = std::move(wire_.front());
    wire_.pop_front();
    for (Computer* one : {&office_, &laptop_}) {
      if (arrived.to == one->address) one->node->handle_datagrams(now(), {{arrived.to, arrived.from}, 0, arrived.datagram.size(), arrived.datagram});
    }
  }

  Instant boot_{Duration(std::chrono::hours(1))};
  Computer office_, laptop_;
  const SocketAddress stranger_ = SocketAddress::v4(198, 51, 100, 9, 999);
  std::deque<Flying> wire_;
  std::vector<Bytes> recorded_;
  Bytes buffer_ = Bytes(65536);
  bool recording_ = true;
  uint64_t told_to_stranger_ = 0;
};

Street& street() {
  static Street one(1);
  return one;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  street().inject_everywhere({data, size});
  fuzz::require(street().told_to_stranger() == 0, "a stranger is told nothing");
  fuzz::require(street().echo(10), "a live session goes on");
  return 0;
}

std::vector<Bytes> fuzz::samples() { return street().recorded(); }
