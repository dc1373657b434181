#include "daemon/idle_memory.hpp"

#include <sys/resource.h>

#include <utility>

#include "daemon/process.hpp"

namespace drawbridge {
namespace {

// Each maps 64 KiB of a file or 4 KiB of memory. Keepalives alone take about 40 after everything was given back.
constexpr long faults_worth_it = 64;

long page_faults() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

}  // namespace

IdleMemory::IdleMemory(Loop& loop, Hooks hooks, Duration pause)
    : hooks_(std::move(hooks)), pause_(pause), timer_(loop, [this] { look(); }) {
  timer_.start(pause_);
}

void IdleMemory::look() {
  Flows now = hooks_.flows();
  bool idle = now.open == 0 && now == std::exchange(seen_, now);
  if (idle && page_faults() - faults_ >= faults_worth_it) release();
  timer_.start(pause_);
}

void IdleMemory::release() {
  hooks_.release_spare();
  release_unused_pages();
  faults_ = page_faults();
}

}  // namespace drawbridge
