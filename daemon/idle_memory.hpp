// IdleMemory: gives back to the system what a node that carries nothing does not need: mapped pages of programs' files,
// which the kernel maps again from its cache when they are used (0.3 ms for what the next connection needs), and free
// memory.
#pragma once

#include <functional>

#include "daemon/io/watch.hpp"

namespace drawbridge {

class IdleMemory {
 public:
  struct Flows {
    size_t open = 0;
    uint64_t begun = 0;  // ever
    bool operator==(const Flows&) const = default;
  };
  struct Hooks {
    std::function<Flows()> flows;
    std::function<void()> release_spare;   // what its owner keeps for transfers to come
  };
  // Looks every `pause`, until destroyed. Memory is given back when nothing was carried between two looks and enough pages
  // have been taken since the last time.
  IdleMemory(Loop& loop, Hooks hooks, Duration pause);

 private:
  void look();
  void release();

  Hooks hooks_;
  Duration pause_;
  Flows seen_;
  long faults_ = 0;  // of this process, when memory was last given back
  LocalTimer timer_;
};

}  // namespace drawbridge
