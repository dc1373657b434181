// A stranger's flood: as many datagrams a second as asked for, from many ports, at one UDP address.
//   flood ADDRESS PORT PACKETS_PER_SECOND SECONDS garbage|handshakes [FILE]
// Prints, at the end or at SIGTERM: packets that were sent, per second, and its own CPU seconds, per second.
// garbage: random bytes of random lengths, half of them with the look of short headers and half of long ones.
// handshakes: first packets of connections, of the right form and length, with random contents; or the one in FILE, again
// and again, as somebody does who has recorded it.
// It waits until the next packets are due: who floods does it on a computer of his own, not on the office's.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

namespace {

constexpr size_t largest_batch = 64, sockets = 16, kinds = 1'024;
constexpr double batches_per_second = 1'000;
volatile std::sig_atomic_t stopped = 0;

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

sockaddr_in address(const char* host, const char* port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(static_cast<uint16_t>(std::atoi(port)));
  if (inet_pton(AF_INET, host, &a.sin_addr) != 1) fail("address");
  return a;
}

double seconds_of(const timespec& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9; }

double clock_seconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return seconds_of(now);
}

// Expires at once, and then each so many seconds (less than one).
int open_timer(double interval) {
  int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  itimerspec times{{0, std::max(1L, static_cast<long>(interval * 1e9))}, {0, 1}};
  if (fd < 0 || timerfd_settime(fd, 0, &times, nullptr) != 0) fail("timer");
  return fd;
}

using Packet = std::vector<uint8_t>;

Packet random_packet(std::mt19937& random, size_t length) {
  Packet packet(length);
  for (uint8_t& byte : packet) byte = static_cast<uint8_t>(random());
  return packet;
}

Packet garbage(std::mt19937& random) {
  Packet packet = random_packet(random, 20 + random() % 200);
  packet[0] = static_cast<uint8_t>(random() % 2 ? packet[0] & 0x7f : packet[0] | 0xc0);
  return packet;
}

// RFC 9000 17.2.2, version 1: what the office must look at most closely before it knows a stranger.
Packet first_initial(std::mt19937& random) {
  Packet packet = random_packet(random, 1'200);
  const uint8_t head[] = {0xc3, 0, 0, 0, 1, 16};
  std::memcpy(packet.data(), head, sizeof head);
  packet[22] = 16;             // the sender's connection id
  packet[39] = 0;              // no token
  packet[40] = 0x44, packet[41] = 0x86;  // length: the rest
  return packet;
}

Packet recorded(const char* file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class Flood {
 public:
  Flood(const sockaddr_in& to, std::vector<Packet> packets) : packets_(std::move(packets)) {
    for (int& fd : sockets_) {
      fd = socket(AF_INET, SOCK_DGRAM, 0);
      if (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) fail("connect");
    }
  }
  // Returns how many packets have left a second. What was late, because somebody else had the core, follows at once.
  double last(double per_second, double seconds) {
    size_t batch = std::clamp<size_t>(static_cast<size_t>(per_second / batches_per_second), 1, largest_batch);
    double begun = clock_seconds(CLOCK_MONOTONIC), passed = 0;
    int timer = open_timer(static_cast<double>(batch) / per_second);
    uint64_t sent = 0, due = 0;
    while (passed < seconds && !stopped && read(timer, &due, sizeof due) == sizeof due) {
      for (; due > 0; --due) sent += send_batch(batch);
      passed = clock_seconds(CLOCK_MONOTONIC) - begun;
    }
    close(timer);
    return static_cast<double>(sent) / passed;
  }

 private:
  uint64_t send_batch(size_t count) {
    std::array<mmsghdr, largest_batch> messages{};
    std::array<iovec, largest_batch> parts{};
    for (size_t i = 0; i < count; ++i) {
      Packet& packet = packets_[next_++ % packets_.size()];
      parts[i] = {packet.data(), packet.size()};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    int left = sendmmsg(sockets_[turn_++ % sockets], messages.data(), static_cast<unsigned>(count), 0);
    return left > 0 ? static_cast<uint64_t>(left) : 0;
  }

  std::vector<Packet> packets_;
  std::array<int, sockets> sockets_{};
  size_t next_ = 0, turn_ = 0;
};

std::vector<Packet> ammunition(const std::string& kind, const char* file) {
  if (file) return {recorded(file)};
  std::mt19937 random(1);
  std::vector<Packet> packets;
  for (size_t i = 0; i < kinds; ++i) packets.push_back(kind == "handshakes" ? first_initial(random) : garbage(random));
  return packets;
}

}  // namespace

int main(int count, char** words) {
  if (count != 6 && count != 7) return std::fputs("usage: flood ADDRESS PORT PACKETS_PER_SECOND SECONDS garbage|handshakes [FILE]\n", stderr), 2;
  Flood flood(address(words[1], words[2]), ammunition(words[5], count == 7 ? words[6] : nullptr));
  struct sigaction end {};
  end.sa_handler = [](int) { stopped = 1; };
  sigaction(SIGTERM, &end, nullptr);
  double begun = clock_seconds(CLOCK_MONOTONIC), used = clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
  double rate = flood.last(std::atof(words[3]), std::atof(words[4]));
  double core = (clock_seconds(CLOCK_PROCESS_CPUTIME_ID) - used) / (clock_seconds(CLOCK_MONOTONIC) - begun);
  std::printf("%.0f %.3f\n", rate, core);
  return 0;
}
