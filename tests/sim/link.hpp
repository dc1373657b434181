// One direction of a virtual link: delay, rate with a drop-tail queue, and faults drawn from a seed.
#pragma once

#include <optional>

#include "protocol/base/time.hpp"
#include "tests/sim/seeded_entropy.hpp"

namespace drawbridge::sim {

struct LinkOptions {
  Duration delay = 20ms;
  double bits_per_second = 0;          // 0: unlimited
  size_t queue_bytes = 256 * 1024;     // in front of the rate limit
  double loss = 0, duplicate = 0, reorder = 0, corrupt = 0;  // probabilities per datagram
  bool dead = false;                   // loses everything
};

struct LinkCounts {
  uint64_t offered = 0, lost = 0, overflowed = 0, bytes = 0;
};

class Link {
 public:
  Link(LinkOptions options, Chance& chance) : options(options), chance_(chance) {}

  // When the datagram arrives; nothing: it is lost.
  std::optional<Instant> offer(Instant now, size_t size) {
    ++counts.offered;
    if (options.dead || chance_.happens(options.loss)) return ++counts.lost, std::nullopt;
    Instant leaves = now;
    if (options.bits_per_second > 0) {
      free_at_ = std::max(free_at_, now);
      double queued = std::chrono::duration<double>(free_at_ - now).count() * options.bits_per_second / 8;
      if (queued + static_cast<double>(size) > static_cast<double>(options.queue_bytes)) return ++counts.overflowed, std::nullopt;
      free_at_ += Duration(static_cast<int64_t>(static_cast<double>(size) * 8e9 / options.bits_per_second));
      leaves = free_at_;
    }
    counts.bytes += size;
    Duration extra = chance_.happens(options.reorder) ? Duration(chance_.below(static_cast<uint64_t>(options.delay.count()) + 1)) : 0ns;
    return leaves + options.delay + extra;
  }
  bool duplicates() { return chance_.happens(options.duplicate); }
  void maybe_corrupt(Bytes& datagram) {
    if (!datagram.empty() && chance_.happens(options.corrupt)) datagram[chance_.below(datagram.size())] ^= static_cast<uint8_t>(1 + chance_.below(255));
  }

  LinkOptions options;
  LinkCounts counts;

 private:
  Chance& chance_;
  Instant free_at_{};
};

}  // namespace drawbridge::sim
