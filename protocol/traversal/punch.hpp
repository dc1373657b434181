// Punch: how two ends send to one another at once where an ordinary check to a known address cannot pass, because the
// router of one of them gives every far end another port. docs/spec/traversal.md, *Where ports have to be found*.
// Pure: addresses and time in, the next packet's path out. What a packet is, and what answers it, is the caller's.
#pragma once

#include <optional>
#include <vector>

#include "keys/entropy.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/base/time.hpp"
#include "protocol/traversal/nat_behaviour.hpp"

namespace drawbridge::traversal {

// From where one end sends. On the wire: never renumber.
enum class PunchSource : uint8_t {
  fixed = 1,     // its one socket, seen at one address
  counting = 2,  // a fresh socket, seen at the next of `step` ports for each new far end
  many = 3,      // limits::search_ports fresh sockets, seen at random ports
  fresh = 4,     // a fresh socket, seen at one address: nothing that came too early has spoiled its way out
};

// What one end tells the other before both send.
struct PunchTerms {
  uint32_t round = 0;     // drawn by the device; what does not carry the present number is old
  PunchSource source{};
  SocketAddress address;  // fixed: where it is seen; counting: where it was seen last; many: the port means nothing
  int16_t step = 0;       // of counting; not 0 there
  bool operator==(const PunchTerms&) const = default;
};

// How the end with behaviour `own` should send so that the two may meet; nothing: it cannot help, or is not needed.
// Both ends conclude the same of one another.
std::optional<PunchSource> punch_source(const NatBehaviour& own, const NatBehaviour& peer);

// How many routers a packet may pass that is to open our own router's way and to die before it reaches the peer's.
// `attempt`: the first, second, ... of one pair, from 0.
uint8_t opening_hops(Mapping own, size_t attempt);

// How many sockets beside its own an end needs.
size_t ports_needed(PunchSource source);

class Punch {
 public:
  // `ports`: the local ports of the fresh sockets; for a fixed source none. `theirs.address` has been shown to be the
  // peer's: at most limits::search_probes packets go there, limits::search_rate a second at most where ports are searched for.
  Punch(Instant now, PunchSource own, const PunchTerms& theirs, std::vector<uint16_t> ports, Entropy& entropy);

  // The next packet's path, if one is due; its local address has a port only, 0 for the node's own socket.
  std::optional<Path> next(Instant now);
  Instant next_timeout() const { return over() ? far_future : due_; }
  bool over() const { return sent_ >= total_; }

 private:
  Path path_at(size_t index) const;
  size_t socket_at(size_t index) const;
  Duration pause_after(size_t index) const;

  PunchTerms theirs_;
  std::vector<uint16_t> ports_;
  PunchSource own_;
  size_t cycle_ = 1;              // packets that leave together, where no port is searched for
  size_t total_ = 0, sent_ = 0;
  Duration pause_{};              // between packets of a search, or between repetitions of a few
  bool searching_ = false;
  Instant due_;
  uint32_t start_ = 0, stride_ = 1;  // of the order in which ports are tried
};

}  // namespace drawbridge::traversal
