// Load for the benchmark: one server that sinks, sources or echoes, and clients that measure. Plain blocking sockets,
// so that what is measured is the path between the two.
//   load serve ADDRESS PORT                                 forever
//   load bulk ADDRESS PORT up|down STREAMS MIB              -> Mbit/s
//   load ping ADDRESS PORT COUNT                            -> p50 and p99 of one byte there and back, in us
//   load connect ADDRESS PORT COUNT                         -> new connections one after another, per second
//   load call ADDRESS PORT SECONDS                          -> of 50 datagrams a second there and back: % lost, worst jitter in ms
//                                                              (RFC 3550 6.4.1), median and p99 of the round trip in ms
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t block = 256 * 1024;

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

void no_delay(int fd) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int connect_to(const sockaddr_in& to) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) fail("connect");
  no_delay(fd);
  return fd;
}

void send_all(int fd, const char* bytes, size_t length) {
  while (length > 0) {
    ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes += sent;
    length -= static_cast<size_t>(sent);
  }
}

uint64_t drain(int fd) {
  std::vector<char> buffer(block);
  uint64_t total = 0;
  for (ssize_t n; (n = recv(fd, buffer.data(), buffer.size(), 0)) > 0;) total += static_cast<uint64_t>(n);
  return total;
}

// A connection begins with a letter and eight digits of MiB: U upload, D download; P echoes byte for byte.
void serve_one(int fd) {
  no_delay(fd);
  char head[10] = {};
  if (recv(fd, head, 9, MSG_WAITALL) == 9) {
    uint64_t left = std::strtoull(head + 1, nullptr, 10) << 20;
    if (head[0] == 'D') {
      std::vector<char> buffer(block, 'x');
      for (; left > 0; left -= std::min<uint64_t>(left, block)) send_all(fd, buffer.data(), std::min<uint64_t>(left, block));
      shutdown(fd, SHUT_WR);
      drain(fd);
    } else if (head[0] == 'U') {
      drain(fd);
      send_all(fd, "k", 1);
    } else {
      char byte;
      while (recv(fd, &byte, 1, 0) == 1) send_all(fd, &byte, 1);
    }
  }
  close(fd);
}

void echo_datagrams(const sockaddr_in& at) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) fail("bind");
  char buffer[2048];
  sockaddr_in from{};
  for (socklen_t size = sizeof from;; size = sizeof from) {
    ssize_t length = recvfrom(fd, buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (length > 0) (void)!sendto(fd, buffer, static_cast<size_t>(length), 0, reinterpret_cast<sockaddr*>(&from), size);
  }
}

void serve(const sockaddr_in& at) {
  std::thread(echo_datagrams, at).detach();
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 || listen(listener, 1024) != 0) fail("listen");
  std::puts("ready");
  std::fflush(stdout);
  while (true) {
    int fd = accept(listener, nullptr, nullptr);
    if (fd >= 0) std::thread(serve_one, fd).detach();
  }
}

void bulk_one(const sockaddr_in& to, bool up, unsigned mib) {
  int fd = connect_to(to);
  char head[16];
  std::snprintf(head, sizeof head, "%c%08u", up ? 'U' : 'D', mib);
  send_all(fd, head, 9);
  if (up) {
    std::vector<char> buffer(block, 'x');
    for (uint64_t left = uint64_t{mib} << 20; left > 0; left -= std::min<uint64_t>(left, block)) send_all(fd, buffer.data(), std::min<uint64_t>(left, block));
    shutdown(fd, SHUT_WR);
  }
  uint64_t received = drain(fd);
  if (received != (up ? 1 : uint64_t{mib} << 20)) fail("short transfer");
  close(fd);
}

void bulk(const sockaddr_in& to, bool up, unsigned streams, unsigned mib) {
  auto begun = Clock::now();
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < streams; ++i) threads.emplace_back(bulk_one, to, up, mib / streams);
  for (auto& thread : threads) thread.join();
  double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  std::printf("%.0f\n", mib / streams * streams * 8.388608 / seconds);
}

void ping(const sockaddr_in& to, unsigned count) {
  int fd = connect_to(to);
  send_all(fd, "P00000000", 9);
  std::vector<double> micros;
  for (unsigned i = 0; i < count + 100; ++i) {
    auto begun = Clock::now();
    char byte = 'p';
    send_all(fd, &byte, 1);
    if (recv(fd, &byte, 1, 0) != 1) fail("ping");
    if (i >= 100) micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begun).count());
  }
  std::sort(micros.begin(), micros.end());
  std::printf("%.1f %.1f\n", micros[micros.size() / 2], micros[micros.size() * 99 / 100]);
}

void connections(const sockaddr_in& to, unsigned count) {
  auto begun = Clock::now();
  for (unsigned i = 0; i < count; ++i) {
    int fd = connect_to(to);
    send_all(fd, "P00000000p", 10);
    char byte;
    if (recv(fd, &byte, 1, 0) != 1) fail("connect");
    close(fd);
  }
  std::printf("%.1f\n", count / std::chrono::duration<double>(Clock::now() - begun).count());
}

// One end of a telephone call, whose other end sends everything back: 160 bytes of sound in 20 ms.
class Call {
 public:
  explicit Call(const sockaddr_in& to) : fd_(socket(AF_INET, SOCK_DGRAM, 0)) {
    if (connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) fail("connect");
  }
  void last(unsigned seconds) {
    size_t count = seconds * 50;
    auto begun = Clock::now();
    for (size_t i = 0; i < count; ++i) {
      receive_until(begun + i * std::chrono::milliseconds(20));
      Packet packet{i, Clock::now().time_since_epoch().count(), {}};
      (void)!send(fd_, &packet, sizeof packet, 0);
    }
    receive_until(Clock::now() + std::chrono::seconds(2));
    print(count);
  }

 private:
  struct Packet {
    uint64_t number;
    Clock::rep sent;
    char sound[156];
  };
  void receive_until(Clock::time_point end) {
    for (;;) {
      auto left = std::chrono::duration_cast<std::chrono::microseconds>(end - Clock::now()).count();
      if (left <= 0) return;
      pollfd watched{fd_, POLLIN, 0};
      timespec wait{left / 1'000'000, left % 1'000'000 * 1'000};
      if (ppoll(&watched, 1, &wait, nullptr) > 0) receive();
    }
  }
  void receive() {
    Packet packet;
    if (recv(fd_, &packet, sizeof packet, 0) != sizeof packet) return;
    double ms = std::chrono::duration<double, std::milli>(Clock::now() - Clock::time_point(Clock::duration(packet.sent))).count();
    if (!trips_.empty()) jitter_ += (std::abs(ms - trips_.back()) - jitter_) / 16;
    worst_jitter_ = std::max(worst_jitter_, jitter_);
    trips_.push_back(ms);
  }
  void print(size_t count) {
    double lost = 100.0 * static_cast<double>(count - std::min(count, trips_.size())) / static_cast<double>(count);
    if (trips_.empty()) trips_.push_back(0);
    std::sort(trips_.begin(), trips_.end());
    std::printf("%.2f %.3f %.3f %.3f\n", lost, worst_jitter_, trips_[trips_.size() / 2], trips_[trips_.size() * 99 / 100]);
  }

  int fd_;
  double jitter_ = 0, worst_jitter_ = 0;
  std::vector<double> trips_;
};

}  // namespace

int main(int count, char** words) {
  std::signal(SIGPIPE, SIG_IGN);
  std::string verb = count > 1 ? words[1] : "";
  if (verb == "serve" && count == 4) serve(address(words[2], words[3]));
  else if (verb == "bulk" && count == 7) bulk(address(words[2], words[3]), words[4][0] == 'u', std::atoi(words[5]), std::atoi(words[6]));
  else if (verb == "ping" && count == 5) ping(address(words[2], words[3]), std::atoi(words[4]));
  else if (verb == "connect" && count == 5) connections(address(words[2], words[3]), std::atoi(words[4]));
  else if (verb == "call" && count == 5) Call(address(words[2], words[3])).last(static_cast<unsigned>(std::atoi(words[4])));
  else return std::fputs("usage: load serve|bulk|ping|connect|call ADDRESS PORT ...\n", stderr), 2;
  return 0;
}
