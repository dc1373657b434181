// Which packets leave where a port has to be found: how many, how fast, whereto.
#include "protocol/traversal/punch.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <numeric>
#include <set>

#include "tests/sim/seeded_entropy.hpp"

using namespace drawbridge;
using namespace drawbridge::traversal;

namespace {

constexpr NatBehaviour public_host{.mapping = Mapping::none, .filtering = Filtering::independent_of_port};
constexpr NatBehaviour full_cone{.mapping = Mapping::endpoint_independent, .filtering = Filtering::independent_of_port};
constexpr NatBehaviour port_restricted{.mapping = Mapping::endpoint_independent, .filtering = Filtering::address_and_port_dependent};
constexpr NatBehaviour firewalled{.mapping = Mapping::none, .filtering = Filtering::address_and_port_dependent};
constexpr NatBehaviour counting{.mapping = Mapping::predictable, .filtering = Filtering::address_and_port_dependent, .port_delta = 1};
constexpr NatBehaviour random_ports{.mapping = Mapping::random, .filtering = Filtering::address_and_port_dependent};
constexpr NatBehaviour blocked{.mapping = Mapping::udp_blocked};

const SocketAddress there = SocketAddress::v4(198, 51, 100, 7, 40'000);

// Everything that one punch sends, with the time since its start.
std::vector<std::pair<Duration, Path>> all(PunchSource own, const PunchTerms& theirs, std::vector<uint16_t> ports) {
  sim::SeededEntropy entropy(1);
  Instant begin{std::chrono::hours(1)};
  Punch punch(begin, own, theirs, std::move(ports), entropy);
  std::vector<std::pair<Duration, Path>> sent;
  for (Instant now = begin; now != far_future; now = punch.next_timeout()) {
    while (auto path = punch.next(now)) sent.emplace_back(now - begin, *path);
  }
  return sent;
}

}  // namespace

TEST_CASE("ports are looked for only where both routers' behaviours say that it can help") {
  using S = PunchSource;
  CHECK(punch_source(counting, port_restricted) == S::counting);
  CHECK(punch_source(port_restricted, counting) == S::fixed);
  CHECK(punch_source(firewalled, counting) == S::fixed);
  CHECK(punch_source(counting, counting) == S::counting);
  CHECK(punch_source(random_ports, port_restricted) == S::many);
  CHECK(punch_source(port_restricted, random_ports) == S::fixed);
  for (const NatBehaviour& easy : {public_host, full_cone}) {
    for (const NatBehaviour& other : {public_host, port_restricted, counting, random_ports}) {
      CHECK_FALSE(punch_source(easy, other));
      CHECK_FALSE(punch_source(other, easy));
    }
  }
  for (const NatBehaviour& hopeless : {random_ports, counting}) CHECK_FALSE(punch_source(random_ports, hopeless));
  CHECK_FALSE(punch_source(counting, random_ports));
  CHECK(punch_source(port_restricted, port_restricted) == S::fresh);
  CHECK(punch_source(firewalled, port_restricted) == S::fresh);
  for (const NatBehaviour& silent : {blocked, NatBehaviour{}}) {
    CHECK_FALSE(punch_source(silent, counting));
    CHECK_FALSE(punch_source(counting, silent));
  }
}

TEST_CASE("a counting router's next ports are sent to in its order, a few times") {
  for (int16_t step : {1, 2, -3}) {
    auto sent = all(PunchSource::fixed, {1, PunchSource::counting, there, step}, {});
    REQUIRE(sent.size() == limits::predicted_ports * limits::punch_repetitions);
    for (size_t i = 0; i < sent.size(); ++i) {
      int ahead = static_cast<int>(i % limits::predicted_ports) + 1;
      CHECK(sent[i].second.remote.port == there.port + ahead * step);
      CHECK(sent[i].second.local.port == 0);
    }
    CHECK(sent.back().first < 3s);
  }
}

TEST_CASE("two counting routers meet at every packet: the k-th goes from and to the k-th port") {
  auto sent = all(PunchSource::counting, {1, PunchSource::counting, there, 1}, {5'000});
  for (size_t i = 0; i < limits::predicted_ports; ++i) {
    CHECK(sent[i].second.local.port == 5'000);
    CHECK(sent[i].second.remote.port == there.port + static_cast<int>(i) + 1);
  }
}

TEST_CASE("a search is paced and bounded, and never tries a port twice") {
  auto sent = all(PunchSource::fixed, {1, PunchSource::many, there, 0}, {});
  REQUIRE(sent.size() == limits::search_probes);
  std::set<uint16_t> tried;
  for (const auto& [at, path] : sent) {
    CHECK(path.remote.ip == there.ip);
    CHECK(path.remote.port >= 1'024);
    tried.insert(path.remote.port);
  }
  CHECK(tried.size() == sent.size());
  for (size_t i = limits::search_rate; i < sent.size(); ++i) CHECK(sent[i].first - sent[i - limits::search_rate].first >= 1s);
}

TEST_CASE("some of the searched end's sockets speak while it is searched, the others afterwards, within pace and bound") {
  std::vector<uint16_t> ports(limits::search_ports);
  std::iota(ports.begin(), ports.end(), uint16_t{20'000});
  auto sent = all(PunchSource::many, {1, PunchSource::fixed, there, 0}, ports);
  auto probes = all(PunchSource::fixed, {1, PunchSource::many, there, 0}, {});
  REQUIRE(sent.size() <= limits::search_probes);
  std::map<uint16_t, Duration> first, last;
  for (const auto& [at, path] : sent) {
    CHECK(path.remote == there);
    first.try_emplace(path.local.port, at);
    last[path.local.port] = at;
  }
  CHECK(first.size() == ports.size());
  size_t early = 0, late = 0;
  for (uint16_t port : ports) {
    early += first[port] < 3s && last[port] > probes.back().first - 3s;
    late += first[port] >= probes.back().first;
  }
  CHECK(early == limits::search_early_ports);
  CHECK(late == limits::search_ports - limits::search_early_ports);
  for (size_t i = limits::search_rate; i < sent.size(); ++i) CHECK(sent[i].first - sent[i - limits::search_rate].first >= 1s);
}

TEST_CASE("a fresh socket speaks to a fresh one a few times and is over") {
  auto sent = all(PunchSource::fresh, {1, PunchSource::fresh, there, 0}, {5'000});
  CHECK(sent.size() == limits::punch_repetitions);
  for (const auto& [at, path] : sent) CHECK((path.local.port == 5'000 && path.remote == there));
}

TEST_CASE("a packet that opens one's own way passes one's own router and no more, or in every third attempt another") {
  for (Mapping behind_a_router : {Mapping::endpoint_independent, Mapping::predictable}) {
    CHECK(opening_hops(behind_a_router, 0) == 2);
    CHECK(opening_hops(behind_a_router, 1) == 2);
    CHECK(opening_hops(behind_a_router, 2) == 3);
  }
  CHECK(opening_hops(Mapping::none, 0) == 1);
}

TEST_CASE("predicted ports that run over either end of the range go on at the other") {
  SocketAddress last = there, first = there;
  last.port = UINT16_MAX;
  first.port = 1'024;
  auto up = all(PunchSource::fixed, {1, PunchSource::counting, last, 1}, {});
  CHECK(up[0].second.remote.port == 1'024);
  auto down = all(PunchSource::fixed, {1, PunchSource::counting, first, -1}, {});
  CHECK(down[0].second.remote.port == UINT16_MAX);
  for (const auto& [at, path] : all(PunchSource::fixed, {1, PunchSource::counting, last, 32}, {})) CHECK(path.remote.port >= 1'024);
}
