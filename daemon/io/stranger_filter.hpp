// StrangerFilter: while strangers send more than a measure, the kernel drops the rest of it before it takes room in a
// socket's buffer, and before this program is woken for it (docs/decisions/0009-filter-under-a-flood.md).
//
// No stranger is an address that something was sent to lately (256 of them; where more than four share a place, the four
// that were last sent to): who is not known gets no byte. What comes from such an address
// passes whatever it is; of everything else a share that is drawn by chance, so that the measure is kept: half of it for long
// headers of QUIC version 1 (RFC 9000 17.2; those of another are none of ours), half for all else, so that a flood of the
// one does not keep out the other. Without a flood there is no filter. It is classic BPF (socket(7), SO_ATTACH_FILTER), which
// needs no privilege; where the kernel refuses it all datagrams come as before.
#pragma once

#include <array>
#include <optional>

#include "daemon/io/watch.hpp"
#include "protocol/base/address.hpp"

namespace drawbridge {

class StrangerFilter {
 public:
  // `fd`: a bound UDP socket of one family, which outlives this object. `per_second`: datagrams of strangers.
  StrangerFilter(Loop& loop, int fd, bool v4, double per_second);

  void sent_to(const SocketAddress& remote);
  void received_from(const SocketAddress& remote, uint8_t first_byte, size_t datagrams);
  // After one or more of these: whether too much has come since it was last asked for.
  void weigh();
  bool active() const { return timer_.has_value(); }
  // Whether all that comes from it passes.
  bool knows(const SocketAddress& remote);

 private:
  // One number of an address and its port; another address that has the same one passes, too.
  static uint32_t number_of(const SocketAddress& address);
  using Place = std::array<uint32_t, 4>;  // the last one that was sent to first; 0: none
  Place& place_of(uint32_t number) { return known_[number * 0x9e3779b1 >> 26]; }
  // Of the long and the short ones.
  using Shares = std::array<double, 2>;
  void attach(const Shares& shares);
  void detach();

  Loop& loop_;
  int fd_;
  bool v4_;
  double per_second_;
  // No more: the kernel charges a filter and its successor together, and the 20 KiB that it grants (net.core.optmem_max,
  // 128 KiB since Linux 6.7) hold two of 256 numbers, not of 512.
  std::array<Place, 64> known_{};
  bool known_changed_ = false;      // since the filter was made
  bool refused_ = false;
  Shares shares_{1, 1};             // of strangers' datagrams that pass
  std::array<uint64_t, 2> strangers_{};  // of either, since ...
  Instant since_{};
  Instant excess_{};                // when too much had come
  Instant made_{};                  // the filter
  std::optional<LocalTimer> timer_;  // while there is a filter
};

}  // namespace drawbridge
