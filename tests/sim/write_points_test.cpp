// Every write of a whole life, in turn: refused, lost with the power, or durable without anybody being told. Whatever
// was acknowledged is there afterwards, the audit trails are whole, and everything can be brought to its end.
#include <catch2/catch.hpp>

#include "tests/sim/trail.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

namespace {

// An office, a laptop that stays and a phone that is lost; every request of the owner that writes.
class Life {
 public:
  explicit Life(uint64_t seed) : world_(seed), office(world_.add("office")), laptop(world_.add("laptop")), phone(world_.add("phone")) {}

  void live() {
    office_does("expose", [&] { return office.node->expose(office.now(), {"echo", "tcp", "127.0.0.1:80", 80}); }, [&] { return exposes("echo"); });
    pair(laptop);
    pair(phone);
    office_does("allow", [&] { return office.node->allow(office.now(), laptop.identity.id, {{"files", {}}}); },
                [&] { return device(laptop).grants.size() == 2; });
    office_does("rename", [&] { return office.node->rename(office.now(), laptop.identity.id, "notebook"); },
                [&] { return device(laptop).name == "notebook"; });
    office_does("deny", [&] { return office.node->deny(office.now(), laptop.identity.id, {"files"}); },
                [&] { return device(laptop).grants.size() == 1; });
    office_does("revoke", [&] { return office.node->revoke(office.now(), phone.identity.id, "lost"); },
                [&] { return device(phone).state == PeerState::revoked; });
    office_does("address", [&] { return office.node->add_address(office.now(), "office.example:7470"); },
                [&] { return office.node->fixed_addresses().size() == 1; });
    office_does("relay", [&] { return office.node->add_relay(office.now(), relay_.url(), ""); }, [&] { return office.node->own_relays().size() == 1; });
    world_.run(1s);
    WallTime before = office.now().wall;
    office_does("prune", [&] { return prune(office, before); }, [&] { return office.node->audit_checkpoint().has_value(); });
    office_does("unexpose", [&] { return office.node->unexpose(office.now(), "echo"); }, [&] { return !exposes("echo"); });
    settle();
  }

  World world_;
  SimNode &office, &laptop, &phone;

 private:
  using Ask = std::function<Result<RequestId>()>;
  using Holds = std::function<bool()>;

  bool exposes(const std::string& name) {
    auto services = office.node->own_services();
    return std::any_of(services.begin(), services.end(), [&](const auto& service) { return service.name == name; });
  }
  DeviceStatus device(const SimNode& node) {
    for (DeviceStatus& entry : office.node->devices(office.now())) {
      if (entry.id == node.identity.id) return std::move(entry);
    }
    return {};
  }
  bool connected(SimNode& node) {
    const PeerStatus* at_device = node.node ? node.peer(office.identity.id) : nullptr;
    return office.node && at_device && at_device->state == PeerState::connected && device(node).state == PeerState::connected;
  }

  // Whoever lost power starts again; then the disks must be whole, and what was acknowledged last must hold.
  void revive() {
    bool any = false;
    for (SimNode* node : {&office, &laptop, &phone}) {
      if (node->node) continue;
      any = true;
      INFO("the trail of " << node->name);
      CHECK(fault_of_trail(node->disk, node->identity.id) == "");
      node->start();
    }
    if (!any) return;
    world_.run(1s);
    INFO("acknowledged: " << acknowledged_);
    if (holds_ && office.node) CHECK(holds_());
  }

  // As an owner would: again, if the power failed or the disk refused; not again if it is so already.
  void office_does(const std::string& what, const Ask& ask, const Holds& done) {
    CAPTURE(what);
    for (int attempt = 0; attempt < 6; ++attempt) {
      revive();
      if (!office.node) continue;
      if (attempt > 0 && done()) break;
      auto request = ask();
      INFO((request ? "" : request.error().message));
      REQUIRE(request);
      world_.run(10s, [&] { return !office.node || office.done(*request); });
      if (office.node && !office.results[*request].error) break;
    }
    revive();
    REQUIRE(done());
    acknowledged_ = what, holds_ = done;
  }

  void pair(SimNode& node) {
    CAPTURE(node.name);
    for (int attempt = 0; attempt < 6 && !connected(node); ++attempt) {
      revive();
      world_.run(3s, [&] { return !office.node || !node.node || connected(node); });
      if (connected(node)) break;
      if (!office.node || !node.node) continue;
      CreatedInvitation invitation = office.invite();
      world_.run(10s, [&] { return !office.node || office.done(invitation.request); });
      if (!office.node || !node.node || office.results[invitation.request].error) continue;
      // The same link again is what the message says, as long as it is valid.
      for (int again = 0; again < 3 && !connected(node); ++again) {
        auto request = node.node ? node.node->join(node.now(), invitation.link, node.name) : Result<RequestId>(Error{});
        if (request) world_.run(40s, [&] { return !office.node || !node.node || connected(node) || node.done(*request); });
        revive();
        world_.run(5s, [&] { return connected(node); });
      }
    }
    REQUIRE(connected(node));
    size_t listed = 0;
    for (const DeviceStatus& entry : office.node->devices(office.now())) listed += entry.id == node.identity.id;
    CHECK(listed == 1);
    acknowledged_ = "pairing of " + node.name;
    holds_ = [this, &node] { return device(node).id == node.identity.id; };
  }

  // All of it, after a last start of everybody.
  void settle() {
    world_.run(6s);
    revive();
    for (SimNode* node : {&office, &laptop, &phone}) {
      node->kill();
      CHECK(fault_of_trail(node->disk, node->identity.id) == "");
      node->start();
    }
    // The fault may have waited for this start.
    for (int attempt = 0; attempt < 2 && !connected(laptop); ++attempt) {
      world_.run(1min, [&] { return !office.node || !laptop.node || connected(laptop); });
      revive();
    }
    REQUIRE(world_.run(1min, [&] { return connected(laptop); }));
    CHECK(device(phone).state == PeerState::revoked);
    CHECK_FALSE(connected(phone));
    CHECK(device(laptop).name == "notebook");
    CHECK(device(laptop).grants == std::vector<Grant>{{"*", {}}});
    CHECK_FALSE(exposes("echo"));
    CHECK(office.node->own_relays().size() == 1);
    CHECK(checkpoint_on(office.disk).has_value());
  }

  SimRelay& relay_ = world_.add_relay();
  std::string acknowledged_;
  Holds holds_;
};

// How many writes each of the three makes in a life without faults.
std::array<uint64_t, 3> writes_of_a_life() {
  Life life(1);
  life.live();
  return {life.office.writes, life.laptop.writes, life.phone.writes};
}

}  // namespace

TEST_CASE("whichever write of an office or device fails or is lost, what was acknowledged holds and all can be ended") {
  auto victim = GENERATE(0, 1, 2);
  auto fault = GENERATE(WriteFault::refused, WriteFault::lost, WriteFault::untold);
  static const auto writes = writes_of_a_life();
  REQUIRE(writes[0] > 20);
  static uint64_t points = 0;
  for (uint64_t point = 1; point <= writes[static_cast<size_t>(victim)]; ++point, ++points) {
    Life life(1);
    SimNode* nodes[] = {&life.office, &life.laptop, &life.phone};
    nodes[victim]->fault_at = point;
    nodes[victim]->fault = fault;
    CAPTURE(victim, static_cast<int>(fault), point);
    life.live();
  }
  if (victim == 2 && fault == WriteFault::untold) WARN("write points tried: " << points);
}
