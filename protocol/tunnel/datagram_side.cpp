#include "protocol/tunnel/datagram_side.hpp"

#include <algorithm>

namespace drawbridge::tunnel {
namespace {

constexpr size_t record_header_size = 2;

}  // namespace

void DatagramSide::write(FlowSender& sender, ByteView datagram) {
  if (!unwritten_.empty() || datagram.size() > limits::datagram_bytes) return;
  unwritten_ = {static_cast<uint8_t>(datagram.size() >> 8), static_cast<uint8_t>(datagram.size())};
  append(unwritten_, datagram);
  sent_ += datagram.size();
  flush(sender);
}

void DatagramSide::flush(FlowSender& sender) {
  size_t at = 0;
  while (at < unwritten_.size()) {
    MutableBytes place = sender.space(unwritten_.size() - at);
    if (place.empty()) break;
    std::copy_n(unwritten_.begin() + static_cast<ptrdiff_t>(at), place.size(), place.begin());
    sender.commit(place.size());
    at += place.size();
  }
  unwritten_.erase(unwritten_.begin(), unwritten_.begin() + static_cast<ptrdiff_t>(at));
}

bool DatagramSide::read(FlowReceiver& receiver) {
  for (ByteView bytes = receiver.readable(); !bytes.empty(); bytes = receiver.readable()) {
    append(unread_, bytes);
    receiver.consume(bytes.size());
    size_t at = 0;
    while (unread_.size() - at >= record_header_size) {
      size_t length = static_cast<size_t>(unread_[at]) << 8 | unread_[at + 1];
      if (length > limits::datagram_bytes) return false;
      if (unread_.size() - at - record_header_size < length) break;
      take(ByteView(unread_).subspan(at + record_header_size, length));
      at += record_header_size + length;
    }
    unread_.erase(unread_.begin(), unread_.begin() + static_cast<ptrdiff_t>(at));
  }
  return true;
}

void DatagramSide::take(ByteView datagram) {
  size_t held = datagram.size() + limits::datagram_overhead;
  if (arrived_bytes_ + held > limits::arrived_datagram_bytes) return;
  arrived_bytes_ += held;
  received_ += datagram.size();
  arrived_.push_back(to_bytes(datagram));
}

void DatagramSide::pop() {
  arrived_bytes_ -= arrived_.front().size() + limits::datagram_overhead;
  arrived_.pop_front();
}

}  // namespace drawbridge::tunnel
