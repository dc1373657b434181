#include "daemon/io/udp_socket.hpp"

#include <netinet/in.h>

#include <array>
#include <cerrno>

#include "daemon/io/control_messages.hpp"
#include "daemon/io/socket_address.hpp"
#include "daemon/io/udp_open.hpp"

namespace drawbridge {
namespace {

// udp(7): a GSO call carries at most 64 segments and must fit one IP packet.
constexpr size_t gso_segments = 64;
constexpr size_t gso_bytes = 65'000;

// Above so much a turn ends, and the next one asks for less.
constexpr size_t bytes_a_turn = 64 * 1024;
constexpr unsigned few = 2;
// Of datagrams that come one by one a turn takes so many, below 0.2 ms of work: a turn's own work is paid once for all of
// them, and what is ours does not wait in the socket's buffer, nor is dropped there, behind a flood of what is not.
constexpr int batches_a_turn = 16;
constexpr size_t largest_single = 1'500;  // what is longer came as a run

size_t chunk_length(const DatagramRun& run, size_t left, bool gso) {
  size_t segments = gso ? std::min(gso_segments, std::max<size_t>(gso_bytes / run.segment_size, 1)) : 1;
  return std::min(left, segments * run.segment_size);
}

struct ReceiveHeaders {
  std::array<mmsghdr, ReceiveBuffers::count> messages;  // the first ones are filled in, and used
  std::array<iovec, ReceiveBuffers::count> vectors;
  std::array<sockaddr_in6, ReceiveBuffers::count> sources;  // room for IPv4, too
  std::array<ControlBuffer, ReceiveBuffers::count> controls;

  ReceiveHeaders(ReceiveBuffers& buffers, unsigned used) {
    for (size_t i = 0; i < used; ++i) {
      vectors[i] = {buffers.at(i).data(), ReceiveBuffers::size};
      messages[i] = {};
      msghdr& header = messages[i].msg_hdr;
      header.msg_name = &sources[i];
      header.msg_namelen = sizeof sources[i];
      header.msg_iov = &vectors[i];
      header.msg_iovlen = 1;
      header.msg_control = controls[i].bytes;
      header.msg_controllen = sizeof controls[i].bytes;
    }
  }
};

ArrivedRun run_of(mmsghdr& message, const SocketAddress& bound) {
  msghdr& header = message.msg_hdr;
  ReceivedControl control = read_control(header);
  ArrivedRun run;
  run.path.local = control.local.is_unspecified() ? bound : control.local;
  run.path.local.port = bound.port;
  run.path.remote = from_system(static_cast<const sockaddr*>(header.msg_name));
  run.ecn = control.ecn;
  run.writable = {static_cast<uint8_t*>(header.msg_iov->iov_base), message.msg_len};
  run.bytes = run.writable;
  size_t segment = control.segment_size.value_or(message.msg_len);
  run.segment_size = segment > 0 ? std::min<size_t>(segment, message.msg_len) : message.msg_len;
  return run;
}

}  // namespace

Result<std::unique_ptr<UdpSocket>> UdpSocket::open(Loop& loop, const SocketAddress& address, ReceiveBuffers& buffers,
                                                   Callbacks callbacks) {
  auto fd = open_udp(address);
  if (!fd) return fd.error();
  return std::unique_ptr<UdpSocket>(new UdpSocket(loop, fd.take(), buffers, std::move(callbacks)));
}

UdpSocket::UdpSocket(Loop& loop, FileDescriptor fd, ReceiveBuffers& buffers, Callbacks callbacks)
    : loop_(loop),
      fd_(std::move(fd)),
      address_(own_address(fd_.get())),
      buffers_(buffers),
      callbacks_(std::move(callbacks)),
      watch_(loop, fd_.get(), [this](unsigned events) { ready(events); }) {
  watch_.want(FdWatch::readable);
}

void UdpSocket::ready(unsigned events) {
  if (events & FdWatch::readable) receive();
  if (events & FdWatch::writable && watch_.wanted() & FdWatch::writable) {
    watch_.want(FdWatch::readable);
    callbacks_.writable();
  }
}

// So much a turn that others have theirs: batches of many datagrams while they come one by one, and one of few while the
// kernel hands out long runs.
void UdpSocket::receive() {
  size_t bytes = 0;
  bool more = true;
  for (int batch = 0; more && batch < batches_a_turn; ++batch) more = receive_batch(bytes) && bytes <= bytes_a_turn;
  batch_ = bytes > bytes_a_turn ? few : ReceiveBuffers::count;
  if (strangers_) strangers_->weigh();
}

// Errors of an unconnected socket say nothing about it (an unreachable peer, say).
bool UdpSocket::receive_batch(size_t& bytes) {
  ReceiveHeaders headers(buffers_, batch_);
  int count = recvmmsg(fd_.get(), headers.messages.data(), batch_, 0, nullptr);
  bool single = true;
  for (int i = 0; i < count; ++i) {
    mmsghdr& message = headers.messages[i];
    if (message.msg_len == 0 || message.msg_hdr.msg_flags & MSG_TRUNC) continue;
    bytes += message.msg_len;
    single &= message.msg_len <= largest_single;
    ArrivedRun run = run_of(message, address_);
    if (strangers_) strangers_->received_from(run.path.remote, run.bytes[0], (run.bytes.size() + run.segment_size - 1) / run.segment_size);
    callbacks_.received(run);
  }
  return single && count == static_cast<int>(ReceiveBuffers::count);
}

size_t UdpSocket::send(const DatagramRun& run) {
  if (strangers_) strangers_->sent_to(run.path.remote);
  size_t taken = 0;
  while (taken < run.bytes.size()) {
    size_t length = chunk_length(run, run.bytes.size() - taken, gso_);
    Outcome outcome = send_once(run, run.bytes.subspan(taken, length));
    if (outcome == Outcome::refused && length > run.segment_size) {
      // Too large, a source that is not ours any more, or segmentation itself: a single datagram tells.
      outcome = send_once(run, run.bytes.subspan(taken, run.segment_size));
      if (outcome == Outcome::sent) {
        gso_ = false;
        length = run.segment_size;
      }
    }
    if (outcome == Outcome::full) {
      watch_.want(FdWatch::readable | FdWatch::writable);
      break;
    }
    taken += length;
  }
  return taken;
}

UdpSocket::Outcome UdpSocket::send_once(const DatagramRun& run, ByteView bytes) {
  SystemAddress remote = to_system(run.path.remote);
  iovec vector{const_cast<uint8_t*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_name = remote.get();
  message.msg_namelen = remote.length;
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  ControlBuffer buffer;
  ControlWriter control(message, buffer);
  if (!run.path.local.is_unspecified() && address_.is_unspecified()) control.source(run.path.local);
  if (run.ecn) control.ecn(run.ecn, address_.is_v4());
  if (run.hop_limit) control.hop_limit(run.hop_limit, address_.is_v4());
  if (bytes.size() > run.segment_size) control.segment_size(static_cast<uint16_t>(run.segment_size));
  if (message.msg_controllen == 0) message.msg_control = nullptr;

  if (sendmsg(fd_.get(), &message, 0) >= 0) return Outcome::sent;
  return errno == EAGAIN ? Outcome::full : Outcome::refused;
}

}  // namespace drawbridge
