#include "protocol/traversal/punch.hpp"

#include <numeric>

namespace drawbridge::traversal {
namespace {

// Ports that routers give out at random: all but the well-known ones.
constexpr uint32_t first_port = 1'024, port_range = 65'536 - first_port;

bool one_address(Mapping mapping) {
  return mapping == Mapping::none || mapping == Mapping::endpoint_independent;
}

// Whom any port may write to needs no search: he hears the first check, and answers where it came from.
bool lets_in(const NatBehaviour& nat) {
  return one_address(nat.mapping) && nat.filtering == Filtering::independent_of_port;
}

// A router that has counted to the end of its range goes on at the beginning.
uint16_t within_range(int port) {
  constexpr int range = static_cast<int>(port_range);
  int offset = (port - static_cast<int>(first_port)) % range;
  return static_cast<uint16_t>(static_cast<int>(first_port) + (offset < 0 ? offset + range : offset));
}

}  // namespace

std::optional<PunchSource> punch_source(const NatBehaviour& own, const NatBehaviour& peer) {
  if (lets_in(own) || lets_in(peer)) return std::nullopt;
  bool own_counts = own.mapping == Mapping::predictable, peer_counts = peer.mapping == Mapping::predictable;
  bool own_fixed = one_address(own.mapping), peer_fixed = one_address(peer.mapping);
  if (own_counts && (peer_fixed || peer_counts)) return PunchSource::counting;
  if (own_fixed && (peer_counts || peer.mapping == Mapping::random)) return PunchSource::fixed;
  if (own.mapping == Mapping::random && peer_fixed) return PunchSource::many;
  // Ordinary checks should have met. Some routers keep an address to themselves after a packet that came too early.
  if (own_fixed && peer_fixed) return PunchSource::fresh;
  return std::nullopt;
}

uint8_t opening_hops(Mapping own, size_t attempt) {
  // A host that has a public address itself is one router nearer to the peer.
  return static_cast<uint8_t>(limits::opening_hops - (own == Mapping::none ? 1 : 0) + (attempt % 3 == 2 ? 1 : 0));
}

size_t ports_needed(PunchSource source) {
  switch (source) {
    case PunchSource::counting:
    case PunchSource::fresh: return 1;
    case PunchSource::many: return limits::search_ports;
    default: return 0;
  }
}

Punch::Punch(Instant now, PunchSource own, const PunchTerms& theirs, std::vector<uint16_t> ports, Entropy& entropy)
    : theirs_(theirs), ports_(std::move(ports)), own_(own), due_(now) {
  if (ports_.empty()) ports_.push_back(0);
  searching_ = own == PunchSource::many || theirs.source == PunchSource::many;
  if (searching_) {
    total_ = own == PunchSource::many ? limits::search_openings + limits::search_late_openings : limits::search_probes;
  } else {
    cycle_ = theirs.source == PunchSource::counting ? limits::predicted_ports : 1;
    total_ = cycle_ * limits::punch_repetitions;
    pause_ = limits::punch_pause;
  }
  start_ = static_cast<uint32_t>(entropy.u64() % port_range);
  do stride_ = static_cast<uint32_t>(entropy.u64() % port_range);
  while (std::gcd(stride_, port_range) != 1);
}

// Some of the many sockets open their ways at once and keep them open: they are found while the other end probes. The
// others speak once that is over: an early packet can spoil the prober's way to where it came from, a late one finds it
// open.
size_t Punch::socket_at(size_t index) const {
  size_t early = ports_.size() * limits::search_early_ports / limits::search_ports;
  if (own_ != PunchSource::many || early == 0) return index % ports_.size();
  return index < limits::search_openings ? index % early : early + (index - limits::search_openings) % (ports_.size() - early);
}

Path Punch::path_at(size_t index) const {
  Path path;
  path.local.port = ports_[socket_at(index)];
  path.remote = theirs_.address;
  if (theirs_.source == PunchSource::counting) {
    path.remote.port = within_range(theirs_.address.port + static_cast<int>(index % cycle_ + 1) * theirs_.step);
  } else if (theirs_.source == PunchSource::many) {
    path.remote.port = static_cast<uint16_t>(first_port + (start_ + uint64_t{index} * stride_) % port_range);
  }
  return path;
}

Duration Punch::pause_after(size_t index) const {
  bool opening = own_ == PunchSource::many && index < limits::search_openings;
  return std::chrono::duration_cast<Duration>(1s) / (opening ? limits::search_opening_rate : limits::search_rate);
}

// A few packets leave together, and again after a pause that doubles; a search's leave one by one.
std::optional<Path> Punch::next(Instant now) {
  if (over() || now < due_) return std::nullopt;
  Path path = path_at(sent_);
  if (searching_) due_ = now + pause_after(sent_);
  ++sent_;
  if (!searching_ && sent_ % cycle_ == 0) {
    due_ = now + pause_;
    pause_ *= 2;
  }
  return path;
}

}  // namespace drawbridge::traversal
