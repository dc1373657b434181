#include "daemon/idle_memory.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "daemon/process.hpp"
#include "tests/unit/daemon/run_until.hpp"

using namespace drawbridge;

namespace {

// Of files: code and constants.
size_t resident_file_pages() {
  std::ifstream file("/proc/self/statm");
  size_t total = 0, resident = 0, shared = 0;
  file >> total >> resident >> shared;
  return shared;
}

struct Idle {
  Loop loop;
  IdleMemory::Flows flows;
  int looks = 0, releases = 0;
  IdleMemory memory{loop,
                    {[this] {
                       ++looks;
                       return flows;
                     },
                     [this] { ++releases; }},
                    1ms};

  void look_again(int times) {
    int before = looks;
    REQUIRE(run_until(loop, [&] { return looks >= before + times; }));
  }
};

}  // namespace

TEST_CASE("a node that carries nothing gives its memory back") {
  Idle idle;
  REQUIRE(run_until(idle.loop, [&] { return idle.releases == 1; }));
}

TEST_CASE("a node that carries something keeps its memory, until that is over") {
  Idle idle;
  idle.flows = {1, 1};
  idle.look_again(5);
  CHECK(idle.releases == 0);
  idle.flows.open = 0;
  REQUIRE(run_until(idle.loop, [&] { return idle.releases > 0; }));
}

TEST_CASE("a node that carried something since the last look keeps its memory for now") {
  Idle idle;
  for (int i = 0; i < 5; ++i) {
    ++idle.flows.begun;
    idle.look_again(1);
  }
  CHECK(idle.releases == 0);
}

TEST_CASE("code and constants that are not used are given back to the system") {
  size_t before = resident_file_pages();
  release_unused_pages();
  CHECK(resident_file_pages() < before);
}
