// The figures of docs/spec/transport.md, measured again and printed:  build/tests/sim/sim_tests "[table]"
// Each row asserts what it should be with room for another seed; the harness's own figures were the model.
#include <catch2/catch.hpp>

#include <cstdio>
#include <optional>

#include "tests/sim/connection_pair.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

namespace {

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

// One stream, kept full in the directions asked for.
struct Line {
  Line(PairOptions options, bool up, bool down) : pair(options) {
    REQUIRE(pair.handshake());
    stream = *pair.device->open_stream(true);
    pair.device_end.fill(stream, 1);
    pair.on_turn = [this, up, down] {
      if (up) pair.device_end.fill(stream, UINT64_MAX);
      if (down && !pair.office_end.opened.empty()) pair.office_end.fill(stream, UINT64_MAX);
    };
  }
  uint64_t received(bool at_office) { return (at_office ? pair.office_end : pair.device_end).received[stream]; }
  // Mbit/s of the next `span`.
  double rate(Duration span, bool at_office) {
    uint64_t before = received(at_office);
    pair.run(span);
    return static_cast<double>(received(at_office) - before) * 8 / 1e6 / seconds(span);
  }
  void set_path(Duration delay, double bits_per_second) {
    for (Link* link : {&pair.up, &pair.down}) link->options.delay = delay, link->options.bits_per_second = bits_per_second;
  }
  ConnectionPair pair;
  quic::StreamId stream = 0;
};

constexpr Duration one_way = 20ms;

PairOptions line_of(double rate, double loss, bool cubic, uint64_t seed) {
  LinkOptions link{.delay = one_way, .bits_per_second = rate, .queue_bytes = 512 * 1024, .loss = loss};
  return {.seed = seed, .up = link, .down = link, .cubic = cubic};
}

struct Recovery {
  int64_t device_ms = -1, office_ms = -1;  // from the path's return to new bytes; -1: none within 5 s
  double rate_back = -1;                   // seconds to 80 % of the download's rate before; -1: not within 10 s
};

// The path dies for `dead`; at its return the device's check leaves, the office acts on it, the device on the echo.
Recovery recover(Line& line, Duration dead, bool office_reads, bool one_direction = false) {
  ConnectionPair& pair = line.pair;
  double before = line.rate(2s, false);
  pair.down.options.dead = true;
  pair.up.options.dead = !one_direction;
  pair.run(dead);
  pair.kill_link(false);
  Instant back = pair.now;
  uint64_t device_had = line.received(false), office_had = line.received(true);
  Recovery found;
  auto look = [&] {
    if (found.device_ms < 0 && line.received(false) > device_had) found.device_ms = to_ms(pair.now - back);
    if (found.office_ms < 0 && line.received(true) > office_had) found.office_ms = to_ms(pair.now - back);
    return found.device_ms >= 0 && (found.office_ms >= 0 || !office_reads);
  };
  pair.run(one_way, look);
  pair.run(back + one_way - pair.now);
  pair.office->handle_path_answer(pair.now);
  pair.run(one_way, look);
  pair.run(back + 2 * one_way - pair.now, [&] { look(); return false; });
  pair.device->handle_path_answer(pair.now);
  pair.run(5s, look);
  for (int tenth = 0; tenth < 100 && found.rate_back < 0; ++tenth) {
    if (line.rate(100ms, false) >= 0.8 * before) found.rate_back = seconds(pair.now - back);
  }
  return found;
}

struct DeadPath {
  const char* name;
  Duration dead;
  bool up;
  double loss;
  bool cubic;
  int64_t device_ms, office_ms;  // at most
  int times = 1;                 // one death after the other; the worst counts
  bool one_direction = false;    // the way to the device only
};

struct Switch {
  const char* name;
  bool to_direct, told, cubic, up;
  double loss, least, most;      // of the goodput in the first 3 s
  double reorder = 0;
};

struct Goodput {
  double tenth = 0, second = 0, three = 0;
};

Goodput after_switch(const Switch& row, uint64_t seed) {
  constexpr Duration near = 1ms;
  constexpr double relay = 50e6, direct = 500e6;
  PairOptions options = line_of(row.to_direct ? relay : direct, row.loss, row.cubic, seed);
  for (LinkOptions* link : {&options.up, &options.down}) link->queue_bytes = 256 * 1024, link->delay = row.to_direct ? one_way : near, link->reorder = row.reorder;
  Line line(options, row.up, !row.up);
  line.pair.run(4s);
  line.set_path(row.to_direct ? near : one_way, row.to_direct ? direct : relay);
  Duration before = row.to_direct ? 2 * one_way : 2 * near, after = row.to_direct ? 2 * near : 2 * one_way;
  if (row.told) {
    for (auto* connection : {line.pair.device.get(), line.pair.office.get()}) connection->handle_path_switch(line.pair.now, before, after);
  }
  uint64_t had = line.received(row.up);
  auto since = [&](Duration span) { return static_cast<double>(line.received(row.up) - had) * 8 / 1e6 / seconds(span); };
  Goodput found;
  line.pair.run(100ms);
  found.tenth = since(100ms);
  line.pair.run(900ms);
  found.second = since(1s);
  line.pair.run(2s);
  found.three = since(3s);
  CHECK(line.pair.device_end.intact);
  CHECK(line.pair.office_end.intact);
  return found;
}

}  // namespace

TEST_CASE("table: from a dead path's return to new bytes", "[slow][table]") {
  constexpr int64_t one_probe = 100;  // a lost packet costs a probe more
  static const DeadPath rows[] = {
      {"BBR2, dead 1 s", 1s, true, 0, false, 100, 120},
      {"BBR2, dead 2 s", 2s, true, 0, false, 100, 120},
      {"BBR2, dead 10 s", 10s, true, 0, false, 100, 120},
      {"BBR2, dead 10 min", 10min, true, 0, false, 100, 120},
      {"BBR2, dead 1 h", std::chrono::hours(1), true, 0, false, 100, 120},
      {"BBR2, dead 24 h", std::chrono::hours(24), true, 0, false, 100, 120},
      {"cubic, dead 1 h", std::chrono::hours(1), true, 0, true, 100, 120},
      {"BBR2, 1 % loss, dead 1 h", std::chrono::hours(1), true, 0.01, false, 100 + one_probe, 120 + one_probe},
      {"BBR2, download only, dead 1 h", std::chrono::hours(1), false, 0, false, 100, 0},
      {"BBR2, dead 1 h, six times", std::chrono::hours(1), true, 0, false, 100, 120, 6},
      {"BBR2, one direction dead 10 s", 10s, true, 0, false, 100, 120, 1, true},
  };
  std::printf("\n| path dead, 100 Mbit/s, 40 ms | to device, ms | to office, ms | 80 %% of the rate, s |\n|---|---|---|---|\n");
  for (const DeadPath& row : rows) {
    Line line(line_of(100e6, row.loss, row.cubic, 1), row.up, true);
    line.pair.run(3s);
    Recovery found = recover(line, row.dead, row.up, row.one_direction);
    for (int again = 1; again < row.times; ++again) {
      Recovery next = recover(line, row.dead, row.up);
      found = {std::max(found.device_ms, next.device_ms), std::max(found.office_ms, next.office_ms), std::max(found.rate_back, next.rate_back)};
    }
    std::string office = row.up ? std::to_string(found.office_ms) : "-";
    std::printf("| %s | %lld | %s | %.1f |\n", row.name, static_cast<long long>(found.device_ms), office.c_str(), found.rate_back);
    CAPTURE(row.name, found.device_ms, found.office_ms, found.rate_back);
    CHECK((found.device_ms >= 0 && found.device_ms <= row.device_ms));
    if (row.up) CHECK((found.office_ms >= 0 && found.office_ms <= row.office_ms));
    CHECK(line.pair.device_end.intact);
    CHECK(line.pair.office_end.intact);
  }
  std::fflush(stdout);
}

TEST_CASE("table: goodput after a change of path", "[slow][table]") {
  static const Switch rows[] = {
      {"relay to direct, BBR2, device sends", true, true, false, true, 0, 380, 500},
      {"relay to direct, BBR2, office sends", true, true, false, false, 0, 380, 500},
      {"relay to direct, cubic, device sends", true, true, true, true, 0, 380, 500},
      {"direct to relay, BBR2 untold, device sends", false, false, false, true, 0, 5, 30},
      {"direct to relay, BBR2 untold, office sends", false, false, false, false, 0, 5, 30},
      {"direct to relay, cubic, device sends", false, true, true, true, 0, 38, 50},
      {"direct to relay, BBR2, 0.1 % loss, device sends", false, true, false, true, 0.001, 28, 50},
      {"direct to relay, BBR2, 0.1 % loss, office sends", false, true, false, false, 0.001, 28, 50},
      {"direct to relay, BBR2 untold, 1 % loss, device sends", false, false, false, true, 0.01, 4, 20},
      {"relay to direct, BBR2, 1 % loss, device sends", true, true, false, true, 0.01, 250, 500},
      {"direct to relay, BBR2, 2 % loss, 5 % reordered", false, true, false, false, 0.02, 15, 50, 0.05},
      {"direct to relay, BBR2 untold, 2 % loss, 5 % reordered", false, false, false, false, 0.02, 3, 20, 0.05},
  };
  std::printf("\n| path changes: relay 40 ms, 50 Mbit/s; direct 2 ms, 500 Mbit/s | 100 ms | 1 s | 3 s, Mbit/s |\n|---|---|---|---|\n");
  for (const Switch& row : rows) {
    Goodput found = after_switch(row, 1);
    std::printf("| %s | %.0f | %.0f | %.1f |\n", row.name, found.tenth, found.second, found.three);
    CAPTURE(row.name, found.tenth, found.second, found.three);
    CHECK(found.three >= row.least);
    CHECK(found.three <= row.most);
  }
  std::fflush(stdout);
}
