// Every kind of network against every other: natlab's table of what is reachable directly, in the simulator.
// The whole of it: sim_tests "[matrix]" (docs/TESTING.md); a sample runs with every build.
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>

#include "tests/sim/network_kind.hpp"
#include "tests/sim/world.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

namespace {

// How long a way may take to be found, in each kind of cell; where there is none, how long it must not be.
Duration patience(Reach reach) {
  switch (reach) {
    case Reach::ordinary: return 30s;
    case Reach::prediction: return 30s;
    case Reach::search: return 30s;
    default: return 5s;
  }
}

struct Meeting {
  bool connected = false, direct = false;
  Duration took{};  // from the device's start to a direct path in use at both ends
  std::string office, device;  // what each knows of its network
  traversal::Cause cause{};    // as the device tells it, once it has tried long enough
};

// 5 to 60 ms each way, and one packet of a hundred lost.
LinkOptions link_of(uint64_t seed) { return {.delay = 5ms * static_cast<int>(1 + seed % 12), .loss = 0.01}; }

// Paired in the open, then both moved and started anew.
class Encounter {
 public:
  Encounter(uint64_t seed, const NetworkKind& office_kind, const NetworkKind& device_kind)
      : world_(seed, link_of(seed)), relay_(world_.add_relay()), office_(world_.add("office")), device_(world_.add("laptop")) {
    world_.run(100ms);
    for (const std::string& url : {relay_.url(), relay_.websocket_url()}) REQUIRE(office_.node->add_relay(office_.now(), url, ""));
    world_.run(100ms);
    world_.pair(office_, device_);
    office_.kill();
    device_.kill();
    settle_in(world_, office_, office_kind);
    settle_in(world_, device_, device_kind);
    office_.start();
    world_.run(5s);
    device_.start();
  }

  Meeting watch(Duration longest) {
    Instant begin = world_.now;
    Meeting meeting;
    meeting.direct = world_.run(longest, [&] { return direct(device_, office_) && direct(office_, device_); });
    meeting.took = world_.now - begin;
    const PeerStatus* status = device_.peer(office_.identity.id);
    meeting.connected = status && status->state == PeerState::connected;
    meeting.office = traversal::name_of(office_.node->network().behaviour.mapping);
    meeting.device = traversal::name_of(device_.node->network().behaviour.mapping);
    return meeting;
  }
  // What the device says of a way that is relayed for good.
  traversal::Cause settled_cause() {
    auto cause = [&] {
      auto facts = device_.node->path_facts(device_.now(), {PeerRole::office, office_.identity.id});
      return facts ? diagnose(*facts) : traversal::Cause::connecting;
    };
    world_.run(60s, [&] { return cause() != traversal::Cause::relayed_trying && cause() != traversal::Cause::connecting; });
    return cause();
  }

 private:
  static bool direct(const SimNode& one, const SimNode& other) {
    const PeerStatus* status = one.peer(other.identity.id);
    return status && status->state == PeerState::connected && status->relay.empty();
  }

  World world_;
  SimRelay& relay_;
  SimNode& office_;
  SimNode& device_;
};

// The roles of the two networks change with every seed.
Meeting meet(uint64_t seed, const NetworkKind& one, const NetworkKind& other) {
  bool swapped = seed % 2;
  Encounter encounter(seed, swapped ? other : one, swapped ? one : other);
  Meeting meeting = encounter.watch(patience(reach(one, other)));
  if (reach(one, other) == Reach::relay) meeting.cause = encounter.settled_cause();
  return meeting;
}

// Whether that is why these two networks leave nothing but a relay.
bool is_the_reason(traversal::Cause cause, const NetworkKind& one, const NetworkKind& other) {
  using traversal::Cause;
  auto changes_ports = [](const NetworkKind& kind) { return kind.kind_class == NetworkKind::Class::random || kind.kind_class == NetworkKind::Class::predictable; };
  if (!one.udp || !other.udp) return cause == Cause::relayed_udp_blocked_here || cause == Cause::relayed_udp_blocked_there;
  if (one.v6 != other.v6) return cause == Cause::relayed_no_common_family;
  if (changes_ports(one) && changes_ports(other)) return cause == Cause::relayed_ports_both;
  return changes_ports(one) != changes_ports(other) && (cause == Cause::relayed_ports_here || cause == Cause::relayed_ports_there);
}

struct Cell {
  int runs = 0, direct = 0, connected = 0;
  std::vector<Duration> took;
  Duration at(double part) {
    if (took.empty()) return {};
    std::sort(took.begin(), took.end());
    return took[std::min(took.size() - 1, static_cast<size_t>(part * static_cast<double>(took.size())))];
  }
};

Cell fill(const NetworkKind& one, const NetworkKind& other, uint64_t first_seed, int runs) {
  Cell cell;
  for (int i = 0; i < runs; ++i) {
    Meeting meeting = meet(first_seed + static_cast<uint64_t>(i), one, other);
    ++cell.runs;
    cell.direct += meeting.direct;
    cell.connected += meeting.connected;
    if (meeting.direct) cell.took.push_back(meeting.took);
  }
  return cell;
}

}  // namespace

TEST_CASE("between any two networks the path is direct where it can be, else relayed") {
  const auto& kinds = network_kinds();
  for (size_t i = 0; i < kinds.size(); ++i) {
    for (size_t j = i; j < kinds.size(); ++j) {
      Meeting meeting = meet(1000 + i * kinds.size() + j, kinds[i], kinds[j]);
      CAPTURE(kinds[i].name, kinds[j].name, meeting.office, meeting.device);
      CHECK(meeting.connected);
      bool relayed = reach(kinds[i], kinds[j]) == Reach::relay;
      CHECK(meeting.direct == !relayed);
      CAPTURE(traversal::name_of(meeting.cause));
      if (relayed) CHECK(is_the_reason(meeting.cause, kinds[i], kinds[j]));
    }
  }
}

TEST_CASE("the whole table: a hundred runs of each pair of networks", "[.][matrix]") {
  const char* wanted = std::getenv("DRAWBRIDGE_MATRIX_RUNS");
  int runs = wanted ? std::atoi(wanted) : 100;
  const char* only = std::getenv("DRAWBRIDGE_MATRIX_ONLY");
  const auto& kinds = network_kinds();
  std::printf("| one end | other end | theory | direct of %d | median ms | p95 ms | worst ms |\n|---|---|---|---|---|---|---|\n", runs);
  for (size_t i = 0; i < kinds.size(); ++i) {
    for (size_t j = i; j < kinds.size(); ++j) {
      if (only && kinds[i].name != only && kinds[j].name != only) continue;
      Reach theory = reach(kinds[i], kinds[j]);
      Cell cell = fill(kinds[i], kinds[j], 10'000, runs);
      std::printf("| %s | %s | %c | %d | %ld | %ld | %ld |\n", kinds[i].name.data(), kinds[j].name.data(), static_cast<char>(theory), cell.direct,
                  to_ms(cell.at(0.5)), to_ms(cell.at(0.95)), to_ms(cell.at(1)));
      std::fflush(stdout);
      CAPTURE(kinds[i].name, kinds[j].name, cell.direct);
      CHECK(cell.connected == cell.runs);
      if (theory == Reach::relay) CHECK(cell.direct * 100 <= cell.runs);  // a port may be hit by chance
      else CHECK(cell.direct * 100 >= 95 * cell.runs);
    }
  }
}
