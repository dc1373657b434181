// A disk that is full: what was asked for is refused in words and taken back, and nothing that happened goes unrecorded.
#include "tests/sim/office_fixture.hpp"
#include "tests/sim/trail.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

namespace {

constexpr Duration disk_retried = 6s;

bool chain_is_whole(const SimNode& node) { return fault_of_trail(node.disk, node.identity.id).empty(); }

size_t records_of(const SimNode& node, audit::RecordType type) {
  auto records = records_on(node.disk);
  return static_cast<size_t>(std::count_if(records.begin(), records.end(), [&](const auto& record) { return record.type == type; }));
}

struct Owner : Office {
  explicit Owner(uint64_t seed = 1) : Office(seed) {}

  // The request ends with the sentence about the disk.
  bool refused(const Result<RequestId>& request) {
    REQUIRE(request);
    REQUIRE(world.run(1s, [&] { return office.done(*request); }));
    const auto& error = office.results[*request].error;
    return error && error->code == ErrorCode::io && !error->remedy.empty();
  }
  DeviceStatus device() { return office.node->devices(office.now()).at(0); }
  std::vector<std::string> services() {
    std::vector<std::string> names;
    for (const ServiceDefinition& service : office.node->own_services()) names.push_back(service.name);
    return names;
  }
  void restart() {
    office.kill();
    office.start();
    REQUIRE(world.run(10s, [&] { return connected() && office_connected(); }));
  }
  Node& node() { return *office.node; }
  Now now() { return office.now(); }
};

}  // namespace

TEST_CASE("a full disk refuses every change and takes it back") {
  Owner o;
  DeviceStatus before = o.device();
  o.office.disk_full = true;
  CHECK(o.refused(o.node().allow(o.now(), o.laptop_id(), {{"files", {}}})));
  CHECK(o.refused(o.node().deny(o.now(), o.laptop_id(), {"*", "echo"})));
  CHECK(o.refused(o.node().rename(o.now(), o.laptop_id(), "stolen")));
  CHECK(o.refused(o.node().expose(o.now(), {"printer", "tcp", "127.0.0.1:9100", 9100})));
  CHECK(o.refused(o.node().unexpose(o.now(), "echo")));
  CHECK(o.refused(o.node().revoke(o.now(), o.laptop_id(), "lost")));
  auto invitation = o.node().create_invitation(o.now(), {.name = "phone"});
  REQUIRE(invitation);
  CHECK(o.refused(invitation->request));
  auto is_as_before = [&] {
    DeviceStatus after = o.device();
    return after.grants == before.grants && after.name == before.name && after.state == PeerState::connected &&
           o.services() == std::vector<std::string>{"echo"} && o.node().invitations(o.now()).empty();
  };
  CHECK(is_as_before());
  CHECK(o.answers(1s));
  o.office.disk_full = false;
  o.world.run(disk_retried);
  CHECK(chain_is_whole(o.office));
  CHECK(records_of(o.office, audit::RecordType::not_saved) == 7);
  o.restart();
  CHECK(is_as_before());
}

TEST_CASE("with a reserve a full disk takes what takes access away, and nothing else") {
  Owner o;
  o.office.disk_full = o.office.disk_reserve = true;
  CHECK(o.refused(o.node().allow(o.now(), o.laptop_id(), {{"files", {}}})));
  CHECK(o.refused(o.node().rename(o.now(), o.laptop_id(), "stolen")));
  auto denied = o.node().deny(o.now(), o.laptop_id(), {"files"});
  REQUIRE(o.world.run(1s, [&] { return o.office.done(*denied); }));
  CHECK_FALSE(o.office.results[*denied].error);
  o.office.kill();  // an office that starts on a full disk can be told so, too
  o.office.start();
  o.world.run(1s);
  o.revoke();
  o.office.kill();
  o.office.start();
  o.world.run(1s);
  CHECK(o.device().state == PeerState::revoked);
  CHECK(chain_is_whole(o.office));
}

TEST_CASE("an office that starts on a full disk lets its devices in while what is kept for that lasts, and then says why not") {
  Owner o;
  o.office.disk_full = o.office.disk_reserve = o.office.admission_reserve = true;
  o.restart();
  CHECK(o.answers(1s));
  CHECK(chain_is_whole(o.office));
  o.office.admission_reserve = false;
  o.office.kill();
  o.office.start();
  CHECK(o.world.run(1min, [&] { return o.device().last_refusal.starts_with("disk_refused"); }));
  CHECK_FALSE(o.office_connected());
  o.revoke();
  CHECK(o.device().state == PeerState::revoked);
}

TEST_CASE("a device that was kept out by a full disk gets in once there is room") {
  Owner o;
  o.office.kill();
  o.office.disk_full = o.office.disk_reserve = true;
  o.office.start();
  o.world.run(1min);
  CHECK_FALSE(o.connected());
  o.office.disk_full = false;
  REQUIRE(o.world.run(2min, [&] { return o.connected() && o.office_connected(); }));
  CHECK(o.answers(1s));
  CHECK(chain_is_whole(o.office));
}

TEST_CASE("changes that meet a full disk together are taken back from the newest to the oldest") {
  Owner o;
  o.office.disk_full = true;
  DeviceStatus before = o.device();
  auto first = o.node().allow(o.now(), o.laptop_id(), {{"files", {}}});
  o.world.run(1ms);  // the first batch is under way, the others gather behind it
  auto second = o.node().allow(o.now(), o.laptop_id(), {{"mail", {}}});
  auto third = o.node().rename(o.now(), o.laptop_id(), "stolen");
  for (auto* request : {&first, &second, &third}) CHECK(o.refused(*request));
  CHECK(o.device().grants == before.grants);
  CHECK(o.device().name == before.name);
  o.office.disk_full = false;
  o.world.run(disk_retried);
  o.restart();
  CHECK(o.device().grants == before.grants);
  CHECK(o.device().name == before.name);
}

TEST_CASE("what devices did while the disk was full is in the audit trail once there is room") {
  Owner o;
  o.office.disk_full = true;
  for (int i = 0; i < 5; ++i) CHECK(o.answers(1s));
  o.world.run(1min);
  CHECK(records_of(o.office, audit::RecordType::flow_opened) == 0);
  o.office.disk_full = false;
  o.world.run(disk_retried);
  CHECK(records_of(o.office, audit::RecordType::flow_opened) == 5);
  CHECK(chain_is_whole(o.office));
}

TEST_CASE("nothing that cannot be recorded any more is carried") {
  Owner o;
  REQUIRE(o.answers(1s));
  o.office.disk_full = true;
  bool refused = false;
  for (int i = 0; i < 4'096 && !refused; ++i) {
    SimFlow& flow = o.echo(1);
    REQUIRE(o.world.run(1s, [&] { return flow.ended; }));
    refused = flow.reset != FlowReset::none;
  }
  CHECK(refused);
  o.office.disk_full = false;
  o.world.run(disk_retried);
  CHECK(o.answers(1s));
  CHECK(chain_is_whole(o.office));
}
