// A router that speaks PCP (RFC 6887) only, at 127.0.0.`last`. It counts what it is asked.
#pragma once

#include <mutex>

#include "tests/unit/daemon/nat/fake_gateways.hpp"

namespace drawbridge {

class FakePcp : FakeServer {
 public:
  explicit FakePcp(uint8_t last) : FakeServer(SOCK_DGRAM, SocketAddress::v4(127, 0, 0, last, 5351)), last_(last) {
    begin([this] { serve(); });
  }
  ~FakePcp() { finish(); }
  Gateway gateway() const { return {SocketAddress::v4(127, 0, 0, last_, 0), SocketAddress::v4(127, 0, 0, 1, 0), {}}; }
  // Of the last request, whole.
  std::vector<uint8_t> question() {
    std::lock_guard lock(mutex_);
    return question_;
  }

  std::atomic<uint32_t> external = 0xcb007107;  // 203.0.113.7
  std::atomic<uint8_t> result = 0;
  std::atomic<uint16_t> granted_port = 0;  // 0: as asked
  std::atomic<int64_t> granted_lifetime = -1;
  std::atomic<uint32_t> epoch = 10'000;
  std::atomic<int> lost = 0;             // so many requests are not answered
  std::atomic<int> answer_bytes = 60;
  std::atomic<bool> other_nonce = false;

  std::atomic<int> maps = 0, withdrawals = 0, strange = 0;

 private:
  static void put32(uint8_t* at, uint32_t value) { value = htonl(value), std::memcpy(at, &value, 4); }

  void serve() {
    uint8_t bytes[1'100];
    sockaddr_storage from{};
    socklen_t length = sizeof from;
    ssize_t size = recvfrom(fd(), bytes, sizeof bytes, 0, reinterpret_cast<sockaddr*>(&from), &length);
    if (size != 60 || bytes[0] != 2 || bytes[1] != 1) {
      ++strange;
      return;
    }
    remember({bytes, static_cast<size_t>(size)});
    if (lost > 0) {
      --lost;
      return;
    }
    answer(bytes);
    sendto(fd(), bytes, static_cast<size_t>(answer_bytes.load()), 0, reinterpret_cast<sockaddr*>(&from), length);
  }

  void remember(std::span<const uint8_t> bytes) {
    std::lock_guard lock(mutex_);
    question_.assign(bytes.begin(), bytes.end());
    bool withdraws = std::all_of(bytes.begin() + 4, bytes.begin() + 8, [](uint8_t byte) { return byte == 0; });
    ++(withdraws ? withdrawals : maps);
  }

  // In the request's place: what it does not change is copied, as section 8.2 says.
  void answer(uint8_t* bytes) {
    bytes[1] |= 0x80;
    bytes[3] = result;
    if (granted_lifetime >= 0) put32(bytes + 4, static_cast<uint32_t>(granted_lifetime.load()));
    put32(bytes + 8, epoch);
    std::memset(bytes + 12, 0, 12);
    if (other_nonce) bytes[24] ^= 1;
    if (granted_port) bytes[42] = static_cast<uint8_t>(granted_port >> 8), bytes[43] = static_cast<uint8_t>(granted_port.load());
    std::memset(bytes + 54, 0xff, 2);
    put32(bytes + 56, external);
  }

  uint8_t last_;
  std::mutex mutex_;
  std::vector<uint8_t> question_;
};

}  // namespace drawbridge
