// Real sockets on loopback: segmentation, reassembly and local addresses are the kernel's doing.
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <deque>

#include "daemon/io/socket_address.hpp"
#include "daemon/io/udp_endpoints.hpp"
#include "tests/unit/daemon/run_until.hpp"

using namespace drawbridge;

namespace {

struct Arrived {
  Path path;
  uint8_t ecn;
  Bytes bytes;
};

struct Receiver {
  Loop& loop;
  ReceiveBuffers buffers;
  std::deque<Arrived> datagrams;
  std::unique_ptr<UdpSocket> socket;

  Receiver(Loop& on, const SocketAddress& address) : loop(on) {
    socket = UdpSocket::open(loop, address, buffers, {[this](const DatagramRun& run) { split(run); }, [] {}}).take();
  }

  void split(const DatagramRun& run) {
    for (size_t at = 0; at < run.bytes.size(); at += run.segment_size) {
      size_t length = std::min(run.segment_size, run.bytes.size() - at);
      datagrams.push_back({run.path, run.ecn, to_bytes(run.bytes.subspan(at, length))});
    }
  }
};

Bytes numbered(size_t size) {
  Bytes bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(i * 131 + i / 256);
  return bytes;
}

// The socket keeps its descriptor to itself; its address finds it among this process's.
int descriptor_bound_to(const SocketAddress& address) {
  for (int fd = 3; fd < 256; ++fd) {
    if (own_address(fd) == address) return fd;
  }
  return -1;
}

const SocketAddress loopback = SocketAddress::v4(127, 0, 0, 1, 0);

// A network of the test's own whose loopback interface is so slow that datagrams queue up in front of it. Needs root.
struct SlowNetwork {
  FileDescriptor before{open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
  bool entered = geteuid() == 0 && unshare(CLONE_NEWNET) == 0;
  bool slow = entered && std::system("ip link set lo up && "
                                     "tc qdisc add dev lo root tbf rate 4mbit burst 5k limit 100m") == 0;
  ~SlowNetwork() {
    if (entered) (void)setns(before.get(), CLONE_NEWNET);
  }
};

}  // namespace

TEST_CASE("a run leaves in segments and arrives as the same datagrams, the last one shorter") {
  Loop loop;
  Receiver sender(loop, loopback), receiver(loop, loopback);
  size_t segment = GENERATE(200u, 1200u, 1452u);
  // More than one system call's worth: 64 segments or 64 KiB.
  Bytes content = numbered(segment * 100 + 57);
  Path path{sender.socket->address(), receiver.socket->address()};
  REQUIRE(sender.socket->send({path, 0, segment, content}) == content.size());
  REQUIRE(run_until(loop, [&] { return receiver.datagrams.size() == 101; }));

  Bytes together;
  for (size_t i = 0; i < receiver.datagrams.size(); ++i) {
    CHECK(receiver.datagrams[i].bytes.size() == (i < 100 ? segment : 57));
    append(together, receiver.datagrams[i].bytes);
  }
  CHECK(together == content);
  CHECK(sender.socket->segments_in_kernel());
}

TEST_CASE("datagrams that came one by one are taken in one turn, up to a measure") {
  Loop loop;
  Receiver sender(loop, loopback), receiver(loop, loopback);
  Path path{sender.socket->address(), receiver.socket->address()};
  auto send = [&](size_t count, size_t size) {
    for (size_t i = 0; i < count; ++i) REQUIRE(sender.socket->send({path, 0, size, numbered(size)}) == size);
  };
  SECTION("small ones all together") {
    send(100, 60);
    loop.run_once();
    CHECK(receiver.datagrams.size() == 100);
  }
  SECTION("many small ones in several, so that others have their turns") {
    send(400, 60);
    loop.run_once();
    CHECK(receiver.datagrams.size() < 200);
    CHECK(run_until(loop, [&] { return receiver.datagrams.size() == 400; }));
  }
  SECTION("of large ones as many bytes as a long run has") {
    send(100, 1452);
    loop.run_once();
    CHECK(receiver.datagrams.size() < 60);
    CHECK(run_until(loop, [&] { return receiver.datagrams.size() == 100; }));
  }
}

TEST_CASE("the ECN codepoint travels with each datagram") {
  Loop loop;
  bool v4 = GENERATE(true, false);
  SocketAddress address = v4 ? loopback : parse_socket_address("[::1]:0").take();
  Receiver sender(loop, address), receiver(loop, address);
  Bytes content = numbered(2400);
  Path path{sender.socket->address(), receiver.socket->address()};
  REQUIRE(sender.socket->send({path, 2, 1200, content}) == content.size());
  REQUIRE(run_until(loop, [&] { return receiver.datagrams.size() == 2; }));
  CHECK(receiver.datagrams[0].ecn == 2);
  CHECK(receiver.datagrams[1].ecn == 2);
}

TEST_CASE("a socket on every address says which of them a datagram came to, and answers from it") {
  Loop loop;
  Receiver office(loop, SocketAddress::v4(0, 0, 0, 0, 0)), device(loop, loopback);
  SocketAddress second = SocketAddress::v4(127, 0, 0, 9, office.socket->address().port);
  Bytes hello = numbered(100);
  REQUIRE(device.socket->send({{device.socket->address(), second}, 0, 100, hello}) == 100);
  REQUIRE(run_until(loop, [&] { return office.datagrams.size() == 1; }));
  CHECK(office.datagrams[0].path == Path{second, device.socket->address()});

  REQUIRE(office.socket->send({office.datagrams[0].path, 0, 100, hello}) == 100);
  REQUIRE(run_until(loop, [&] { return device.datagrams.size() == 1; }));
  CHECK(device.datagrams[0].path.remote == second);
}

TEST_CASE("a source address that is not ours any more drops the run and leaves segmentation on") {
  Loop loop;
  Receiver sender(loop, SocketAddress::v4(0, 0, 0, 0, 0)), receiver(loop, loopback);
  Path path{SocketAddress::v4(192, 0, 2, 77, sender.socket->address().port), receiver.socket->address()};
  Bytes content = numbered(3600);
  CHECK(sender.socket->send({path, 0, 1200, content}) == content.size());
  CHECK(sender.socket->segments_in_kernel());
}

TEST_CASE("segments that the kernel refuses to cut leave one by one instead") {
  Loop loop;
  Receiver sender(loop, loopback), receiver(loop, loopback);
  // A socket without checksums refuses UDP_SEGMENT (EIO or EINVAL), like an interface without offloads.
  int off = 1;
  REQUIRE(setsockopt(descriptor_bound_to(sender.socket->address()), SOL_SOCKET, SO_NO_CHECK, &off, sizeof off) == 0);
  Bytes content = numbered(1200 * 10);
  Path path{sender.socket->address(), receiver.socket->address()};
  REQUIRE(sender.socket->send({path, 0, 1200, content}) == content.size());
  REQUIRE(run_until(loop, [&] { return receiver.datagrams.size() == 10; }));
  CHECK_FALSE(sender.socket->segments_in_kernel());
}

TEST_CASE("a full send queue takes a part of the run, says when there is room, and loses nothing") {
  SlowNetwork network;
  if (!network.slow) return;
  Loop loop;
  Receiver receiver(loop, loopback);
  ReceiveBuffers buffers;
  int told = 0;
  auto sender = UdpSocket::open(loop, loopback, buffers, {[](const DatagramRun&) {}, [&] { ++told; }}).take();
  int few = 4096;
  REQUIRE(setsockopt(descriptor_bound_to(sender->address()), SOL_SOCKET, SO_SNDBUF, &few, sizeof few) == 0);
  Bytes content = numbered(1200 * 100);
  Path path{sender->address(), receiver.socket->address()};
  auto send_rest = [&](size_t from) {
    return from + sender->send({path, 0, 1200, ByteView(content).subspan(from)});
  };
  size_t taken = send_rest(0);
  REQUIRE(taken < content.size());
  CHECK(taken % 1200 == 0);
  CHECK(told == 0);
  while (taken < content.size()) {
    int before = told;
    REQUIRE(run_until(loop, [&] { return told > before; }));
    taken = send_rest(taken);
  }
  REQUIRE(run_until(loop, [&] { return receiver.datagrams.size() == 100; }));
  Bytes together;
  for (const Arrived& datagram : receiver.datagrams) append(together, datagram.bytes);
  CHECK(together == content);
}

namespace {

// A receiver with a measure for strangers, a stranger who floods it, and a friend, to whom it has sent something.
struct Flooded {
  Loop loop;
  SocketAddress address = GENERATE(true, false) ? loopback : parse_socket_address("[::1]:0").take();
  Receiver stranger{loop, address}, friendly{loop, address};
  Receiver office{loop, address};
  size_t strange = 0, friends = 0;

  Flooded() {
    office.socket->limit_strangers(1'000);
    REQUIRE(office.socket->send({{office.socket->address(), friendly.socket->address()}, 0, 60, numbered(60)}) == 60);
  }
  void send(Receiver& from, size_t count, const Bytes& datagram = numbered(60)) {
    for (size_t i = 0; i < count; ++i) {
      Path path{from.socket->address(), office.socket->address()};
      REQUIRE(from.socket->send({path, 0, datagram.size(), datagram}) == datagram.size());
    }
  }
  void count() {
    for (const Arrived& one : std::exchange(office.datagrams, {})) {
      ++(one.path.remote == friendly.socket->address() ? friends : strange);
    }
  }
  bool flood_until_dropped() {
    return run_until(loop, [&] {
      send(stranger, 100);
      return office.socket->drops_strangers();
    });
  }
  // All that has come so far.
  void drain() {
    send(friendly, 1);
    size_t before = friends;
    REQUIRE(run_until(loop, [&] { return count(), friends > before; }));
  }
};

}  // namespace

TEST_CASE("of a stranger's flood the kernel drops what is above the measure, and nothing of who is known") {
  Flooded f;
  REQUIRE(f.flood_until_dropped());
  f.drain();
  f.strange = f.friends = 0;
  for (int i = 0; i < 100; ++i) {
    f.send(f.stranger, 10);
    f.drain();
  }
  CHECK(f.friends == 100);
  CHECK(f.strange < 900);

  SECTION("long headers of QUIC version 1 do not suffer by a flood of others; other versions are none of ours") {
    Bytes first = numbered(1200);
    std::copy_n(std::array<uint8_t, 5>{0xc3, 0, 0, 0, 1}.begin(), 5, first.begin());
    f.strange = 0;
    f.send(f.stranger, 20, first);
    f.drain();
    CHECK(f.strange == 20);
    first[4] = 2;
    f.send(f.stranger, 20, first);
    f.drain();
    CHECK(f.strange == 20);
  }
  SECTION("who becomes known meanwhile is heard as before") {
    REQUIRE(f.office.socket->send({{f.office.socket->address(), f.stranger.socket->address()}, 0, 60, numbered(60)}) == 60);
    CHECK(run_until(f.loop, [&] {
      f.drain();
      f.strange = 0;
      f.send(f.stranger, 100);
      f.drain();
      return f.strange == 100;
    }));
  }
  SECTION("and once it is over strangers are heard as before, also when nothing comes any more") {
    REQUIRE(run_until(f.loop, [&] { return !f.office.socket->drops_strangers(); }));
    f.drain();
    f.strange = 0;
    f.send(f.stranger, 50);
    f.drain();
    CHECK(f.strange == 50);
  }
}

TEST_CASE("where the kernel refuses a filter all datagrams come as before") {
  Flooded f;
  auto flood = [&] {
    size_t sent = 0;
    for (Instant begun = read_clocks().boot; read_clocks().boot - begun < 300ms; sent += 50) {
      f.send(f.stranger, 50);
      f.drain();
    }
    return sent;
  };
  flood();
  REQUIRE(f.office.socket->drops_strangers());  // it is one that makes a filter wanted
  REQUIRE(run_until(f.loop, [&] { return !f.office.socket->drops_strangers(); }));
  f.drain();
  f.strange = 0;
  int on = 1;
  REQUIRE(setsockopt(descriptor_bound_to(f.office.socket->address()), SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof on) == 0);
  size_t sent = flood();
  CHECK(f.strange == sent);
  CHECK_FALSE(f.office.socket->drops_strangers());
}

TEST_CASE("a port that another program has is refused with a remedy") {
  Loop loop;
  Receiver first(loop, loopback);
  ReceiveBuffers buffers;
  auto second = UdpSocket::open(loop, first.socket->address(), buffers, {});
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().code == ErrorCode::already_exists);
  CHECK(second.error().remedy.find("--listen") != std::string::npos);
}

TEST_CASE("of several sockets the one that owns the local address carries the run") {
  Loop loop;
  std::vector<SocketAddress> arrived_at;
  UdpEndpoints office(loop, {[](const DatagramRun&) {}, [] {}});
  REQUIRE(office.open({loopback, SocketAddress::v4(127, 0, 0, 2, 0), parse_socket_address("[::1]:0").take()}));
  Receiver device(loop, SocketAddress::v4(127, 0, 0, 3, 0)), device_v6(loop, parse_socket_address("[::1]:0").take());
  Bytes hello = numbered(64);
  REQUIRE(office.send({{office.addresses()[1], device.socket->address()}, 0, 64, hello}) == 64);
  REQUIRE(office.send({{{}, device_v6.socket->address()}, 0, 64, hello}) == 64);
  REQUIRE(run_until(loop, [&] { return device.datagrams.size() + device_v6.datagrams.size() == 2; }));
  CHECK(device.datagrams[0].path.remote == office.addresses()[1]);
  CHECK(device_v6.datagrams[0].path.remote == office.addresses()[2]);
}

TEST_CASE("fresh sockets for a punch send from the address at which the owner lets the daemon listen") {
  Loop loop;
  UdpEndpoints office(loop, {[](const DatagramRun&) {}, [] {}});
  const SocketAddress named = SocketAddress::v4(127, 0, 0, 2, 0);
  REQUIRE(office.open({named}));
  std::vector<uint16_t> ports = office.open_more(3);
  REQUIRE(ports.size() == 3);
  Receiver device(loop, SocketAddress::v4(127, 0, 0, 3, 0));
  Bytes hello = numbered(64);
  for (uint16_t port : ports) {
    Path path;
    path.local.port = port;
    path.remote = device.socket->address();
    REQUIRE(office.send({path, 0, 64, hello}) == 64);
  }
  REQUIRE(run_until(loop, [&] { return device.datagrams.size() == 3; }));
  for (size_t i = 0; i < 3; ++i) CHECK(device.datagrams[i].path.remote == SocketAddress{named.ip, ports[i]});
  // And once it is closed, no other socket speaks for it.
  office.close(ports);
  Path path;
  path.local.port = ports[0];
  path.remote = device.socket->address();
  office.send({path, 0, 64, hello});
  office.send({{office.addresses()[0], device.socket->address()}, 0, 64, hello});
  REQUIRE(run_until(loop, [&] { return device.datagrams.size() == 4; }));
  CHECK(device.datagrams[3].path.remote == office.addresses()[0]);
}
