#include "daemon/io/stranger_filter.hpp"

#include <linux/filter.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

namespace drawbridge {
namespace {

constexpr Duration window = 100ms;
constexpr Duration renewal = 10ms;  // for who has become known meanwhile: a device that comes from a new address
constexpr Duration calm = 2s;  // without excess, until the filter goes
// Less than this above the measure is left to whoever reads, and so is a change by less: making a filter costs 0.1 ms.
constexpr double tolerance = 0.25;
constexpr uint32_t port_factor = 0x9e3779b1;  // spreads a port over all bits of an address
constexpr uint32_t first_byte_at = 8, version_at = 9;  // behind UDP's header
constexpr uint32_t long_header = 0x80;
constexpr uint32_t pass = UINT32_MAX, drop = 0;  // bytes of it

// Network headers: where the source address begins, and its words.
constexpr uint32_t v4_source = static_cast<uint32_t>(SKF_NET_OFF) + 12, v6_source = static_cast<uint32_t>(SKF_NET_OFF) + 8;

uint32_t word_at(const SocketAddress& address, size_t at) {
  const auto& ip = address.ip;
  return uint32_t{ip[at]} << 24 | uint32_t{ip[at + 1]} << 16 | uint32_t{ip[at + 2]} << 8 | ip[at + 3];
}

// Leaves the sender's number in the accumulator; as StrangerFilter::number_of.
std::vector<sock_filter> number_of_sender(bool v4) {
  std::vector<sock_filter> code{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, v4 ? v4_source : v6_source), BPF_STMT(BPF_MISC | BPF_TAX, 0)};
  for (uint32_t word = 1; !v4 && word < 4; ++word) {
    code.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, v6_source + 4 * word));
    code.push_back(BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0));
    code.push_back(BPF_STMT(BPF_MISC | BPF_TAX, 0));
  }
  code.push_back(BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0));  // the filter of a UDP socket begins at UDP's header
  code.push_back(BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, port_factor));
  code.push_back(BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0));
  return code;
}

void pass_share(std::vector<sock_filter>& code, double share) {
  code.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(SKF_AD_OFF) + SKF_AD_RANDOM));
  code.push_back(BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, static_cast<uint32_t>(share * UINT32_MAX), 0, 1));
  code.push_back(BPF_STMT(BPF_RET | BPF_K, drop));
  code.push_back(BPF_STMT(BPF_RET | BPF_K, pass));
}

}  // namespace

StrangerFilter::StrangerFilter(Loop& loop, int fd, bool v4, double per_second)
    : loop_(loop), fd_(fd), v4_(v4), per_second_(per_second) {}

uint32_t StrangerFilter::number_of(const SocketAddress& address) {
  uint32_t number = word_at(address, 12);
  for (size_t at = 0; !address.is_v4() && at < 12; at += 4) number ^= word_at(address, at);
  return number ^ address.port * port_factor;
}

bool StrangerFilter::knows(const SocketAddress& remote) {
  uint32_t number = number_of(remote);
  const Place& place = place_of(number);
  return std::find(place.begin(), place.end(), number) != place.end();
}

void StrangerFilter::sent_to(const SocketAddress& remote) {
  uint32_t number = number_of(remote);
  Place& place = place_of(number);
  if (place[0] == number) return;
  auto found = std::find(place.begin(), place.end(), number);
  if (found == place.end()) {
    known_changed_ = true;
    *--found = number;
  }
  std::rotate(place.begin(), found, found + 1);
}

void StrangerFilter::received_from(const SocketAddress& remote, uint8_t first_byte, size_t datagrams) {
  if (!knows(remote)) strangers_[first_byte & long_header ? 0 : 1] += datagrams;
}

void StrangerFilter::weigh() {
  Instant now = loop_.now().boot;
  if (active() && known_changed_ && now - made_ >= renewal) attach(shares_);
  if (refused_ || now - since_ < window) return;
  Shares shares{1, 1};
  bool much = false;
  for (size_t i = 0; i < shares.size(); ++i) {
    double rate = static_cast<double>(strangers_[i]) / std::chrono::duration<double>(now - since_).count() / shares_[i];
    if (rate > per_second_ / 2) shares[i] = per_second_ / 2 / rate, excess_ = now;
    much |= std::abs(shares[i] - shares_[i]) > tolerance * shares_[i];
  }
  since_ = now;
  strangers_ = {};
  if (now - excess_ > calm) return detach();
  if (much) attach(shares);
}

void StrangerFilter::attach(const Shares& shares) {
  std::vector<sock_filter> code = number_of_sender(v4_);
  for (const Place& place : known_) {
    for (uint32_t number : place) {
      if (number == 0) continue;
      code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1));
      code.push_back(BPF_STMT(BPF_RET | BPF_K, pass));
    }
  }
  code.push_back(BPF_STMT(BPF_LD | BPF_B | BPF_ABS, first_byte_at));
  code.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, long_header, 0, 7));
  code.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, version_at));
  code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 1, 0));
  code.push_back(BPF_STMT(BPF_RET | BPF_K, drop));
  pass_share(code, shares[0]);
  pass_share(code, shares[1]);
  sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  if (setsockopt(fd_, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0) {
    refused_ = true;
    return detach();
  }
  shares_ = shares;
  made_ = loop_.now().boot;
  known_changed_ = false;
  // It must also end when nothing comes any more.
  if (!timer_) timer_.emplace(loop_, [this] {
    timer_->start(window);
    weigh();
  });
  timer_->start(window);
}

void StrangerFilter::detach() {
  if (!active()) return;
  int none = 0;
  setsockopt(fd_, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof none);
  shares_ = {1, 1};
  timer_.reset();
}

}  // namespace drawbridge
