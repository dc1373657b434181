// DATAGRAM frames (RFC 9221) that wait to be sent: by flow, taken in turns, the oldest given up for the newest. What has
// waited too long is not worth sending: a voice is over, a question has been asked again.
#pragma once

#include <deque>
#include <map>

#include "keys/bytes.hpp"
#include "protocol/base/time.hpp"

namespace drawbridge::quic {

class DatagramQueue {
 public:
  // `flow`: whose it is; only its own datagrams are given up for it.
  void push(Instant now, uint64_t flow, Bytes frame);
  // The next one that is fresh and of at most `room` bytes; larger ones are dropped, since the path has become narrower.
  // Null: none. Valid until the next call.
  const Bytes* front(Instant now, size_t room);
  void pop();

  bool empty() const { return flows_.empty(); }
  uint64_t dropped() const { return dropped_; }

 private:
  struct Waiting {
    Instant since;
    Bytes frame;
  };
  using Flows = std::map<uint64_t, std::deque<Waiting>>;
  void drop_front(Flows::iterator flow);
  void remove_front(Flows::iterator flow);

  Flows flows_;             // none of them empty
  uint64_t turn_ = 0;       // the flow that is next, or the first one behind it
  size_t bytes_ = 0;
  uint64_t dropped_ = 0;
};

}  // namespace drawbridge::quic
