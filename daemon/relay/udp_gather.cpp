#include "daemon/relay/udp_gather.hpp"

namespace drawbridge {
namespace {

constexpr size_t longest_run = 64 * 1024;

}  // namespace

void UdpGather::add(const Path& path, uint8_t ecn, ByteView datagram) {
  bool fits = !bytes_.empty() && path == path_ && ecn == ecn_ && datagram.size() <= segment_ &&
              bytes_.size() % segment_ == 0 && bytes_.size() + datagram.size() <= longest_run;
  if (!fits) {
    flush();
    path_ = path;
    ecn_ = ecn;
    segment_ = datagram.size();
  }
  append(bytes_, datagram);
}

void UdpGather::flush() {
  if (bytes_.empty()) return;
  send_({path_, ecn_, segment_, bytes_});
  bytes_.clear();
}

}  // namespace drawbridge
