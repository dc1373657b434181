#include "daemon/services/flow_pump.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "daemon/io/stream_socket.hpp"

namespace drawbridge {
namespace {

// Read from one connection in one turn, so that a bulk transfer leaves room for its neighbours.
constexpr size_t read_a_turn = 64 * 1024;
// What a peer may still send to a program that has closed: browsers look at an answer only after the last byte.
constexpr uint64_t most_thrown_away = 64 * 1024 * 1024;
// A reset overtakes bytes that are under way: those of a program that spoke and then reset get so much of a start.
constexpr Duration farewell = 1s;
constexpr unsigned most_farewells = 64;

bool would_block(int number) {
  return number == EAGAIN || number == EWOULDBLOCK || number == EINTR;
}

// What the flow holds for the local program, written with one call: each one wakes the program.
class GatheredBytes {
 public:
  GatheredBytes(FlowPort& port, FlowId flow) {
    std::array<ByteView, most_pieces> pieces;
    count_ = port.readable(flow, pieces);
    for (size_t i = 0; i < count_; ++i) {
      vectors_[i] = {const_cast<uint8_t*>(pieces[i].data()), pieces[i].size()};
      size_ += pieces[i].size();
    }
  }

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  ssize_t send_to(int fd) {
    msghdr message{};
    message.msg_iov = vectors_.data();
    message.msg_iovlen = count_;
    return sendmsg(fd, &message, MSG_NOSIGNAL);
  }

 private:
  static constexpr size_t most_pieces = 16;
  std::array<iovec, most_pieces> vectors_;
  size_t count_ = 0, size_ = 0;
};

}  // namespace

FlowPump::FlowPump(Loop& loop, FlowPort& port, FlowId flow, FileDescriptor fd, Farewells& farewells,
                   std::function<void()> on_finished)
    : loop_(loop),
      port_(port),
      flow_(flow),
      fd_(std::move(fd)),
      watch_(loop, fd_.get(), [this](unsigned events) { ready(events); }),
      farewells_(farewells),
      on_finished_(std::move(on_finished)) {}

FlowPump::~FlowPump() {
  if (farewell_) --farewells_.open;
}

void FlowPump::start() {
  read_in();
  write_out();
}

void FlowPump::ready(unsigned events) {
  if (events & FdWatch::readable) read_in();
  if (events & FdWatch::writable) {
    fd_full_ = false;
    write_out();
  }
  if (events & FdWatch::failure && fd_) notice_failure();
}

// While neither direction may move, a program that is gone shows only here.
void FlowPump::notice_failure() {
  int number = 0;
  if (connect_result(fd_.get(), number) == ConnectState::failed) return local_failed();
  watch_.want(0);  // urgent data, which nobody carries: do not be woken for it again
}

void FlowPump::read_in() {
  if (!fd_) return;
  space_wanted_ = false;
  for (size_t total = 0; !read_ended_ && fd_ && total < read_a_turn;) {
    MutableBytes space = port_.write_space(flow_, read_a_turn - total);
    if (space.empty()) {
      space_wanted_ = true;
      break;
    }
    ssize_t length = recv(fd_.get(), space.data(), space.size(), 0);
    if (length == 0) {
      if (was_reset_) return local_failed();
      local_ended();
    } else if (length < 0) {
      if (!would_block(errno)) return local_failed();
      break;
    } else {
      port_.commit_write(flow_, static_cast<size_t>(length));
      spoke_at_ = loop_.now().boot;
      total += static_cast<size_t>(length);
      if (static_cast<size_t>(length) < space.size()) break;  // the descriptor is empty: spare the call that says so
    }
  }
  await_events();
}

void FlowPump::write_out() {
  if (deaf_) return throw_away();
  if (!fd_) return;
  while (!fd_full_) {
    GatheredBytes bytes(port_, flow_);
    if (bytes.empty()) break;
    ssize_t length = bytes.send_to(fd_.get());
    if (length < 0) {
      if (!would_block(errno)) return write_failed(errno);
      fd_full_ = true;
    } else {
      port_.consume(flow_, static_cast<size_t>(length));
      fd_full_ = static_cast<size_t>(length) < bytes.size();
    }
  }
  if (!fd_full_ && !write_ended_ && port_.at_end(flow_)) {
    write_ended_ = true;
    shutdown(fd_.get(), SHUT_WR);
    finish_if_both_ended();
  }
  await_events();
}

void FlowPump::await_events() {
  if (!fd_) return;
  unsigned events = 0;
  if (!read_ended_ && !space_wanted_) events |= FdWatch::readable;
  if (fd_full_) events |= FdWatch::writable;
  watch_.want(events ? events : FdWatch::failure);
}

void FlowPump::local_ended() {
  read_ended_ = true;
  port_.finish_write(flow_);
  finish_if_both_ended();
}

void FlowPump::finish_if_both_ended() {
  if (read_ended_ && (write_ended_ || deaf_)) close_descriptor();
  if (read_ended_ && write_ended_) on_finished_();
}

// The program has closed: what it said before is still to be read.
void FlowPump::write_failed(int number) {
  deaf_ = true;
  was_reset_ = number != EPIPE;  // EPIPE: it had ended its stream
  fd_full_ = false;
  finish_if_both_ended();
  read_in();
  throw_away();
}

void FlowPump::throw_away() {
  if (farewell_ || write_ended_) return;
  for (ByteView bytes = port_.readable(flow_); !bytes.empty(); bytes = port_.readable(flow_)) {
    thrown_away_ += bytes.size();
    port_.consume(flow_, bytes.size());
    if (thrown_away_ > most_thrown_away) return reset_now();
  }
  write_ended_ = port_.at_end(flow_);
  if (write_ended_) finish_if_both_ended();
}

void FlowPump::local_failed() {
  deaf_ = true;
  close_descriptor();
  has_just_spoken() && farewells_.open < most_farewells ? reset_later() : reset_now();
}

bool FlowPump::has_just_spoken() const {
  return spoke_at_ != Instant{} && loop_.now().boot - spoke_at_ < farewell;
}

void FlowPump::reset_later() {
  ++farewells_.open;
  farewell_ = std::make_unique<LocalTimer>(loop_, [this] { reset_now(); });
  farewell_->start(farewell);
}

void FlowPump::reset_now() {
  write_ended_ = true;
  close_descriptor();
  port_.reset_flow(flow_, FlowReset::aborted);
  on_finished_();
}

void FlowPump::flow_ended(FlowReset reset, const std::string&) {
  if (!fd_) return;
  if (reset != FlowReset::none) reset_on_close(fd_.get());
  close_descriptor();
}

void FlowPump::close_descriptor() {
  watch_.close();
  fd_.reset();
}

}  // namespace drawbridge
