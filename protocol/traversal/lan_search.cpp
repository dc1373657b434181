#include "protocol/traversal/lan_search.hpp"

#include <algorithm>

namespace drawbridge::traversal {

std::array<SocketAddress, 2> lan_groups() {
  SocketAddress v6;
  v6.ip = {0xff, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x00, 0x74, 0x70};
  v6.port = limits::lan_port;
  return {SocketAddress::v4(239, 255, 74, 70, limits::lan_port), v6};
}

bool is_lan_group(const SocketAddress& address) {
  auto groups = lan_groups();
  return std::any_of(groups.begin(), groups.end(), [&](const SocketAddress& group) { return group.ip == address.ip && group.port == address.port; });
}

bool LanSearch::due(Instant now, Duration down) {
  return down >= limits::lan_search_after && questions_.take(now);
}

uint64_t LanSearch::begin(Entropy& entropy) {
  answers_ = 0;
  return transaction_ = entropy.u64() | 1;
}

bool LanSearch::take_answer(uint64_t transaction) {
  return transaction != 0 && transaction == transaction_ && ++answers_ <= limits::lan_answers;
}

}  // namespace drawbridge::traversal
