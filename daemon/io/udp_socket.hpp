// One UDP socket: runs of equal datagrams in and out, each with its local address and ECN bits.
//
// Out: UDP_SEGMENT (GSO), one system call for a run; when the kernel or the interface refuses, one call a datagram.
// In: recvmmsg with UDP_GRO. Datagrams are never fragmented and never shortened to the kernel's idea of the path
// (IP_PMTUDISC_PROBE): the core measures what a path carries.
#pragma once

#include <functional>
#include <memory>

#include "daemon/io/stranger_filter.hpp"
#include "daemon/io/watch.hpp"
#include "keys/bytes.hpp"
#include "keys/result.hpp"
#include "protocol/base/address.hpp"

namespace drawbridge {

struct DatagramRun {
  Path path;
  uint8_t ecn = 0;          // RFC 3168 codepoint
  size_t segment_size = 0;  // of each datagram; the last may be shorter
  ByteView bytes;           // valid during the call
  uint8_t hop_limit = 0;    // out: IPv4's time to live; 0: the system's own
};

// One that came in. Until the callback returns the bytes are the reader's, who may change them and send them on.
struct ArrivedRun : DatagramRun {
  MutableBytes writable;
};

// What the kernel is given to fill; shared by all sockets of a loop. Pages are touched only as far as data came.
class ReceiveBuffers {
 public:
  static constexpr size_t count = 8;
  static constexpr size_t size = 65'536;  // the largest run that GRO makes
  ReceiveBuffers() : bytes_(new uint8_t[count * size]) {}
  MutableBytes at(size_t index) { return {bytes_.get() + index * size, size}; }

 private:
  std::unique_ptr<uint8_t[]> bytes_;  // deliberately not cleared
};

class UdpSocket {
 public:
  struct Callbacks {
    std::function<void(const ArrivedRun&)> received;
    std::function<void()> writable;  // after send() had taken less than everything
  };

  // `address` may be unspecified (every address of its family; IPv6 alone, without IPv4) and its port 0.
  static Result<std::unique_ptr<UdpSocket>> open(Loop& loop, const SocketAddress& address, ReceiveBuffers& buffers,
                                                 Callbacks callbacks);

  // While addresses that nothing was sent to send more, the kernel drops the rest by chance. Of a socket that answers to
  // nobody but those that are known.
  void limit_strangers(double per_second) { strangers_.emplace(loop_, fd_.get(), address_.is_v4(), per_second); }
  bool drops_strangers() const { return strangers_ && strangers_->active(); }

  // As bound, with the real port.
  const SocketAddress& address() const { return address_; }

  // How many bytes of the run the kernel took, or can never take (no route, too large: dropped, as a network would).
  // Less than all: the socket's buffer is full; call again with the rest after `writable`.
  size_t send(const DatagramRun& run);

  bool segments_in_kernel() const { return gso_; }

 private:
  UdpSocket(Loop& loop, FileDescriptor fd, ReceiveBuffers& buffers, Callbacks callbacks);
  void ready(unsigned events);
  void receive();
  // As many as `batch_`, or fewer, and adds their bytes; gives whether more of the like, which come one by one, may wait.
  bool receive_batch(size_t& bytes);
  enum class Outcome { sent, full, refused };
  Outcome send_once(const DatagramRun& run, ByteView bytes);

  Loop& loop_;
  FileDescriptor fd_;
  SocketAddress address_;
  ReceiveBuffers& buffers_;
  Callbacks callbacks_;
  bool gso_ = true;
  unsigned batch_ = ReceiveBuffers::count;  // messages asked for at a time
  std::optional<StrangerFilter> strangers_;
  FdWatch watch_;
};

}  // namespace drawbridge
