// A whole office, a whole laptop in a live session with it, and a paired device that misbehaves, on a street without
// distances. One world lives through many inputs.
#pragma once

#include <deque>
#include <set>

#include "protocol/audit/audit_record.hpp"
#include "protocol/node.hpp"
#include "protocol/roster/records.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/sim/rogue_device.hpp"
#include "tests/sim/seeded_entropy.hpp"

namespace drawbridge::fuzz {

struct Computer {
  Computer(const char* called, uint64_t seed, SocketAddress at) : name(called), entropy(seed), address(at) {
    identity = identity_from_seed(entropy.secret32());
    node = std::make_unique<Node>(NodeConfig{.identity = identity, .name = name}, entropy);
  }
  std::string name;
  sim::SeededEntropy entropy;
  SocketAddress address;
  Identity identity;
  std::unique_ptr<Node> node;
  bool failed = false, done = false;
  FlowId flow = 0;            // the laptop's
  std::set<FlowId> others;    // at the office, the rogue's
  Secret32 psk;               // of its newest relation
  uint64_t read = 0;
};

struct Flying {
  SocketAddress from, to;
  Bytes datagram;
};

class Street {
 public:
  explicit Street(uint64_t seed)
      : office_("Office", seed * 2, SocketAddress::v4(192, 0, 2, 1, 7470)), laptop_("Laptop", seed * 2 + 1, SocketAddress::v4(192, 0, 2, 2, 7470)),
        thief_("Thief", seed * 2 + 2, SocketAddress::v4(192, 0, 2, 3, 7470)) {
    for (Computer* one : {&office_, &laptop_}) {
      require(one->node->start(now(), {}).ok(), "a new node starts");
      one->node->handle_network_change(now(), {one->address});
    }
    for (const char* service : {"echo", "secret"}) {
      require(office_.node->expose(now(), {service, "tcp", "127.0.0.1:80", 80}).ok(), "a service is exposed");
    }
    pair(laptop_, {{"*", {}}});
    pair_rogue();
    laptop_.flow = *laptop_.node->open_flow(now(), office_.identity.id, "echo");
    for (int i = 0; i < 5; ++i) require(echo(200), "a live session answers");
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

  // The rogue, connected; its handshakes are as seldom as the office answers them.
  sim::RogueDevice& rogue() {
    if (rogue_->closed() || !rogue_->connected()) {
      run(300ms, [] { return false; });
      // It may have said a counter beyond its clock, and locked itself out.
      require(office_.node->reset_counter(now(), rogue_id()).ok(), "a counter is reset");
      rogue_->connect(now());
      require(run(20s, [&] { return rogue_->connected(); }), "a device that was expelled may come back");
    }
    return *rogue_;
  }
  Node& office() { return *office_.node; }
  const DeviceId& rogue_id() const { return thief_.identity.id; }
  void send_as_rogue(Bytes datagram) { wire_.push_back({thief_.address, office_.address, std::move(datagram)}); }

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

  Now now() const { return {boot_, {1'800'000'000'000 + to_ms(boot_.time_since_epoch())}}; }
  // True as soon as `done` holds.
  bool run(Duration longest, const std::function<bool()>& done) {
    Instant until = boot_ + longest;
    while (true) {
      pump(office_);
      pump(laptop_);
      pump(thief_);
      pump_rogue();
      if (done()) return true;
      if (boot_ >= until) return false;
      Instant next = std::min({office_.node->next_timeout(), laptop_.node->next_timeout(), thief_.node ? thief_.node->next_timeout() : far_future,
                               rogue_ ? rogue_->next_timeout() : far_future, wire_.empty() ? far_future : boot_ + 1ms, until});
      boot_ = std::max(next, boot_ + 1us);
      for (size_t waiting = wire_.size(); waiting > 0; --waiting) deliver();
      for (Computer* one : {&office_, &laptop_, &thief_}) {
        if (one->node && one->node->next_timeout() <= boot_) one->node->handle_timeout(now());
      }
    }
  }

 private:

  void pair(Computer& device, std::vector<Grant> grants) {
    auto invitation = office_.node->create_invitation(now(), {.grants = std::move(grants), .addresses = {office_.address}});
    require(invitation.ok(), "an invitation is made");
    run(1s, [] { return false; });
    device.done = false;
    require(device.node->join(now(), invitation->link, device.name).ok(), "a good link is taken");
    require(run(30s, [&] { return device.done; }) && !device.failed, "a device can be paired");
  }

  void pair_rogue() {
    require(thief_.node->start(now(), {}).ok(), "a new node starts");
    thief_.node->handle_network_change(now(), {thief_.address});
    pair(thief_, {{"echo", {}}});
    thief_.node.reset();
    rogue_ = std::make_unique<sim::RogueDevice>(sim::RogueKeys{thief_.identity, office_.identity.id, thief_.psk}, thief_.entropy);
  }

  void handle(Computer& one, const Event& event) {
    if (const auto* e = std::get_if<event::RequestDone>(&event)) one.done = true, one.failed = e->error.has_value();
    if (const auto* e = std::get_if<event::FlowRequested>(&event)) {
      bool laptops = e->device.peer == laptop_.identity.id;
      require(laptops || e->service != "secret", "a device reaches nothing that it was not granted");
      laptops ? void(one.flow = e->flow) : void(one.others.insert(e->flow));
      one.node->accept_flow(now(), e->flow);
    }
    if (const auto* e = std::get_if<event::FlowEnded>(&event)) {
      one.others.erase(e->flow);
      if (e->flow == one.flow) one.flow = 0;
    }
  }

  // To a program that does not wait for who does not read.
  void serve_others(Computer& one) {
    for (FlowId flow : one.others) {
      for (ByteView bytes; !(bytes = one.node->readable(flow)).empty();) {
        Bytes copy = to_bytes(bytes);
        one.node->consume(now(), flow, copy.size());
        MutableBytes room = one.node->write_space(flow, copy.size());
        std::copy_n(copy.begin(), room.size(), room.begin());
        one.node->commit_write(now(), flow, room.size());
      }
    }
  }

  // The office's program echoes, the laptop's counts.
  void serve(Computer& one) {
    for (ByteView bytes; one.flow && !(bytes = one.node->readable(one.flow)).empty();) {
      Bytes copy = to_bytes(bytes);
      one.node->consume(now(), one.flow, copy.size());
      one.read += copy.size();
      if (&one != &office_) continue;
      MutableBytes room = one.node->write_space(one.flow, copy.size());
      require(room.size() == copy.size(), "an echo of a few bytes has room");
      std::copy(copy.begin(), copy.end(), room.begin());
      one.node->commit_write(now(), one.flow, copy.size());
    }
  }

  void pump(Computer& one) {
    for (bool busy = one.node != nullptr; busy;) {
      busy = false;
      if (auto batch = one.node->poll_persist()) {
        for (const Row& row : batch->rows) note(one, row);
        one.node->handle_persisted(now(), batch->ticket), busy = true;
      }
      for (Transmit out; (out = one.node->poll_transmit(now(), buffer_)).length > 0; busy = true) {
        for (size_t at = 0; at < out.length; at += out.segment_size) {
          send(one.address, out.path.remote, ByteView(buffer_).subspan(at, std::min(out.segment_size, out.length - at)));
        }
      }
      while (auto event = one.node->poll_event()) handle(one, *event), busy = true;
      serve(one);
      serve_others(one);
    }
  }

  // Whatever is kept must be readable at the next start.
  static bool is_readable(const Row& row) {
    switch (row.kind) {
      case RowKind::node: return roster::parse_node_state(*row.value).has_value();
      case RowKind::relation: return roster::parse_relation(*row.value).has_value();
      case RowKind::invitation: return roster::parse_invitation(*row.value).has_value();
      case RowKind::service: return roster::parse_service(*row.value).has_value();
      case RowKind::revocation: return roster::parse_revocation(*row.value).has_value();
      case RowKind::audit: return audit::parse(*row.value).has_value();
      case RowKind::relay: return roster::parse_own_relay(*row.value).has_value();
      case RowKind::address: return roster::parse_own_address(*row.value).has_value();
      default: return true;
    }
  }

  void note(Computer& one, const Row& row) {
    require(!row.value || is_readable(row), "a row that was written can be read");
    auto relation = row.kind == RowKind::relation && row.value ? roster::parse_relation(*row.value) : std::nullopt;
    if (relation) one.psk = relation->psk;
  }

  void pump_rogue() {
    if (!rogue_) return;
    rogue_->handle_timeout(now());
    while (auto datagram = rogue_->poll_datagram(now())) wire_.push_back({thief_.address, office_.address, std::move(*datagram)});
  }

  void send(const SocketAddress& from, const SocketAddress& to, ByteView datagram) {
    if (to == stranger_) ++told_to_stranger_;
    if (recording_ && recorded_.size() < 400) recorded_.push_back(to_bytes(datagram));
    wire_.push_back({from, to, to_bytes(datagram)});
  }

  void deliver() {
    Flying arrived = std::move(wire_.front());
    wire_.pop_front();
    if (rogue_ && arrived.to == thief_.address) return rogue_->handle_datagram(now(), arrived.datagram);
    for (Computer* one : {&office_, &laptop_, &thief_}) {
      if (one->node && arrived.to == one->address) one->node->handle_datagrams(now(), {{arrived.to, arrived.from}, 0, arrived.datagram.size(), arrived.datagram});
    }
  }

  Instant boot_{Duration(std::chrono::hours(1))};
  Computer office_, laptop_, thief_;   // the thief's node pairs, then the rogue has its keys
  std::unique_ptr<sim::RogueDevice> rogue_;
  const SocketAddress stranger_ = SocketAddress::v4(198, 51, 100, 9, 999);
  std::deque<Flying> wire_;
  std::vector<Bytes> recorded_;
  Bytes buffer_ = Bytes(65536);
  bool recording_ = true;
  uint64_t told_to_stranger_ = 0;
};

}  // namespace drawbridge::fuzz
