#include "daemon/services/datagram_pump.hpp"

#include <sys/socket.h>

#include <cerrno>

#include "daemon/io/datagram_socket.hpp"

namespace drawbridge {

DatagramPump::DatagramPump(Loop& loop, FlowPort& port, FlowId flow, FileDescriptor fd, Target target,
                           Duration idle)
    : loop_(loop),
      port_(port),
      flow_(flow),
      fd_(std::move(fd)),
      watch_(loop, fd_.get(), [this](unsigned) { read_in(); }),
      target_(std::move(target)),
      idle_(idle),
      idle_check_(loop, [this] { finish_if_idle(); }) {}

void DatagramPump::start() {
  used();
  idle_check_.start(idle_);
  watch_.want(FdWatch::readable);
  write_out();
}

void DatagramPump::read_in() {
  int number = receive_datagrams(fd_.get(), [this](ByteView datagram, const SocketAddress&) {
    used();
    target_(true);
    port_.send_datagram(flow_, datagram);
  });
  // Its program may be starting; the device asks again.
  if (number == ECONNREFUSED) target_(false);
}

void DatagramPump::write_out() {
  // Once finished, what still comes is let go: the flow is over when the device has ended it, too.
  while (auto datagram = port_.readable_datagram(flow_)) {
    if (fd_) pass_on(*datagram);
    port_.consume_datagram(flow_);
  }
  if (port_.at_end(flow_)) finish();
}

// What does not fit the socket is lost, as it would be in any network.
void DatagramPump::pass_on(ByteView datagram) {
  used();
  ssize_t length = send(fd_.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL);
  if (length >= 0 || errno != ECONNREFUSED) return;
  target_(false);
  send(fd_.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL);  // that was said of an earlier one
}

void DatagramPump::finish_if_idle() {
  Duration quiet = loop_.now().boot - used_at_;
  if (quiet >= idle_) return finish();
  idle_check_.start(idle_ - quiet);
}

void DatagramPump::finish() {
  if (!fd_) return;
  close();
  port_.finish_write(flow_);
}

void DatagramPump::close() {
  watch_.close();
  fd_.reset();
  idle_check_.stop();
}

}  // namespace drawbridge
