#include "protocol/traversal/nat_behaviour.hpp"

#include <algorithm>
#include <vector>

#include "protocol/base/limits.hpp"
#include "protocol/traversal/path_history.hpp"

namespace drawbridge::traversal {
namespace {

// One view of each far end, of one family.
std::vector<Observation> comparable(std::span<const Observation> seen) {
  bool v4 = std::any_of(seen.begin(), seen.end(), [](const Observation& one) { return one.far_end.is_v4(); });
  std::vector<Observation> out;
  for (const Observation& one : seen) {
    bool repeated = std::any_of(out.begin(), out.end(), [&](const Observation& known) { return known.far_end == one.far_end; });
    if (one.far_end.is_v4() == v4 && one.reflexive.port != 0 && !repeated) out.push_back(one);
  }
  // A far end inside our own network sees nothing of what the router does.
  auto outside = [](const Observation& one) { return kind_of(one.reflexive) == CandidateKind::outside; };
  if (std::any_of(out.begin(), out.end(), outside)) std::erase_if(out, [&](const Observation& one) { return !outside(one); });
  return out;
}

// The smallest step wins: between two answers other packets may have taken ports. The first port may be far away, if the
// router preserved it; half of the steps must be small, so that chance does not make a random router look predictable.
int16_t smallest_delta(const std::vector<Observation>& views) {
  int16_t best = 0;
  size_t small = 0;
  for (size_t i = 1; i < views.size(); ++i) {
    int16_t delta = port_delta(views[i - 1].reflexive.port, views[i].reflexive.port);
    if (delta == 0) continue;
    ++small;
    if (best == 0 || std::abs(delta) < std::abs(best)) best = delta;
  }
  return small * 2 >= views.size() - 1 ? best : int16_t{0};
}

}  // namespace

std::string_view name_of(Mapping mapping) {
  constexpr std::string_view names[] = {"unknown", "none", "endpoint_independent", "predictable", "random", "udp_blocked"};
  return names[static_cast<size_t>(mapping)];
}

std::string_view name_of(Filtering filtering) {
  constexpr std::string_view names[] = {"unknown", "independent_of_port", "address_and_port_dependent"};
  return names[static_cast<size_t>(filtering)];
}

int16_t port_delta(uint16_t earlier, uint16_t later) {
  int step = int{later} - int{earlier};
  return std::abs(step) <= limits::port_step ? static_cast<int16_t>(step) : int16_t{0};
}

NatBehaviour classify(std::span<const Observation> seen, std::span<const SocketAddress> own) {
  std::vector<Observation> views = comparable(seen);
  auto is_own = [&](const Observation& view) { return std::find(own.begin(), own.end(), view.reflexive) != own.end(); };
  if (!views.empty() && std::all_of(views.begin(), views.end(), is_own)) return {.mapping = Mapping::none};
  if (views.size() < 2) return {};
  bool same = std::all_of(views.begin(), views.end(), [&](const Observation& view) { return view.reflexive == views[0].reflexive; });
  if (same) return {.mapping = Mapping::endpoint_independent};
  int16_t delta = smallest_delta(views);
  return {.mapping = delta ? Mapping::predictable : Mapping::random, .port_delta = delta};
}

}  // namespace drawbridge::traversal
