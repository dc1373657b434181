// What a relay costs: CPU seconds of its process per GiB passed on, and its memory per idle device.
//
//   relay_bench run DRAWBRIDGED [GIB]       starts a relay; a pair of clients floods it: UDP with GSO and one by one,
//                                           WebSocket plain and under TLS
//   relay_bench pair URL [MIB]              a pair meets by a relay that runs already (behind nginx, say) and compares
//   relay_bench idle DRAWBRIDGED [DEVICES]  that many devices, each waiting in a mailbox of its own, over UDP
//   relay_bench sockets DRAWBRIDGED [DEVICES]   the same over WebSocket, plain and under TLS; a descriptor each
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "daemon/io/system_entropy.hpp"
#include "daemon/io/udp_socket.hpp"
#include "daemon/relay/relay_websocket_client.hpp"
#include "protocol/relay/relay_client.hpp"
#include "protocol/relay/relay_url.hpp"

using namespace drawbridge;
using namespace drawbridge::relay;

namespace {

constexpr const char* settings =
    "log = \"json\"\n[relay]\nlisten = [\"127.0.0.1:0\"]\nconnections = 100000\nconnections_per_address = 100000\n"
    "mailboxes_per_address = 100000\nopenings_per_second = 100000\nopenings_per_address_and_second = 100000\n"
    "signatures_per_address_and_second = 100000\ndrain_seconds = 0\nwebsocket = [\"127.0.0.1:0\"]\n";

// A relay as a process of its own, whose costs /proc tells.
class RelayProcess {
 public:
  explicit RelayProcess(const std::string& program, bool tls = false) {
    char folder[] = "/tmp/relay-bench-XXXXXX";
    folder_ = mkdtemp(folder);
    std::string more;
    if (tls) {
      std::string files = " -keyout " + folder_ + "/key.pem -out " + folder_ + "/certificate.pem 2>/dev/null";
      if (std::system(("openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=relay.example -days 2" + files).c_str())) std::exit(1);
      more = "certificate = \"" + folder_ + "/certificate.pem\"\nkey = \"" + folder_ + "/key.pem\"\n";
    }
    std::ofstream(folder_ + "/config.toml") << settings << more;
    std::string log = folder_ + "/log";
    pid_ = fork();
    if (pid_ == 0) {
      if (!freopen(log.c_str(), "w", stdout)) _exit(1);
      execl(program.c_str(), program.c_str(), "--relay", "--state", folder_.c_str(), nullptr);
      _exit(1);
    }
    for (std::string line; url_.empty();) {
      std::ifstream in(log);
      while (std::getline(in, line)) {
        size_t at = line.find("udp://");
        if (line.find("\"ready\"") == std::string::npos || at == std::string::npos) continue;
        url_ = line.substr(at, line.find('"', at) - at);
        at = line.find("\"ws", at) + 1;
        websocket_ = line.substr(at, line.find('"', at) - at);
      }
    }
  }
  ~RelayProcess() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    [[maybe_unused]] int gone = std::system(("rm -r " + folder_).c_str());
  }
  RelayUrl url() const { return parse_relay_url(url_).take(); }
  RelayUrl websocket() const { return parse_relay_url(websocket_).take(); }
  double cpu_seconds() const {
    std::ifstream in("/proc/" + std::to_string(pid_) + "/stat");
    std::string text((std::istreambuf_iterator<char>(in)), {});
    std::istringstream rest(text.substr(text.rfind(')') + 2));
    std::string skipped;
    for (int i = 0; i < 11; ++i) rest >> skipped;
    double user = 0, system = 0;
    rest >> user >> system;
    return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  }
  double resident_kib() const { return status("VmRSS:"); }
  // Without pages of the program's files, which come and go whoever is connected.
  double own_kib() const { return status("RssAnon:"); }

 private:
  double status(const std::string& field) const {
    std::ifstream in("/proc/" + std::to_string(pid_) + "/status");
    for (std::string line; std::getline(in, line);) {
      if (line.starts_with(field)) return std::stod(line.substr(field.size()));
    }
    return 0;
  }

  std::string folder_, url_, websocket_;
  pid_t pid_ = 0;
};

Instant clock_now() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return Instant(std::chrono::seconds(now.tv_sec) + Duration(now.tv_nsec));
}

// Clients that share one socket; a payload that arrives is counted.
struct Users {
  Loop& loop;
  SystemEntropy entropy;
  RelayKey key;
  Path path;
  ReceiveBuffers buffers;
  std::vector<std::unique_ptr<RelayClient>> clients;
  std::unordered_map<Mark, RelayClient*> by_transaction;
  std::unique_ptr<UdpSocket> socket;
  uint64_t bytes = 0;
  Instant last{};

  Users(Loop& on, const RelayUrl& url) : loop(on), key(url.key) {
    socket = UdpSocket::open(loop, SocketAddress::v4(127, 0, 0, 1, 0), buffers, {[this](const ArrivedRun& run) { take(run); }, [] {}}).take();
    path = {socket->address(), SocketAddress::v4(127, 0, 0, 1, url.port)};
  }
  RelayClient& add(const Secret32& secret, End end) {
    clients.push_back(std::make_unique<RelayClient>(RelayClientConfig{key, {}, 25s}, entropy));
    clients.back()->open_mailbox(secret, end);
    clients.back()->connect(clock_now(), path);
    settle(*clients.back());
    return *clients.back();
  }
  void settle(RelayClient& client) {
    std::array<uint8_t, largest_control> buffer;
    while (size_t length = client.poll_transmit(clock_now(), buffer)) socket->send({path, 0, length, ByteView(buffer).first(length)});
    while (client.poll_event()) {
    }
  }
  void take(const ArrivedRun& run) {
    if (run.bytes[0] == static_cast<uint8_t>(Message::data)) {
      bytes += run.bytes.size();
      last = clock_now();
      return;
    }
    for (size_t at = 0; at < run.bytes.size(); at += run.segment_size) {
      ByteView datagram = run.bytes.subspan(at, std::min(run.segment_size, run.bytes.size() - at));
      for (auto client = clients.rbegin(); client != clients.rend(); ++client) {
        if (!(*client)->recognises(datagram)) continue;
        (*client)->handle_datagram(clock_now(), datagram);
        settle(**client);
        break;
      }
    }
  }
};

void report(const char* what, RelayProcess& relay, double cpu, uint64_t sent, uint64_t arrived, double seconds) {
  double gib = static_cast<double>(arrived) / (1 << 30);
  std::printf("%-28s %6.2f GiB arrived of %6.2f  %7.0f Mbit/s  CPU %6.3f s  %6.3f s/GiB  resident %.0f KiB\n", what, gib,
              static_cast<double>(sent) / (1 << 30), gib * 8590 / seconds, cpu, cpu / gib, relay.resident_kib());
  std::fflush(stdout);
}

// `run_segments` datagrams a system call; paced by what arrives, as congestion control would.
void flood(const char* what, RelayProcess& relay, uint64_t total, size_t run_segments) {
  Loop loop;
  Users office(loop, relay.url()), device(loop, relay.url());
  Secret32 secret = office.entropy.secret32();
  RelayClient& receiver = office.add(secret, End::office);
  RelayClient& sender = device.add(secret, End::device);
  while (receiver.status(0) != Status::joined || sender.status(0) != Status::joined) loop.run_once();
  constexpr size_t segment = 1442 + header_size;
  Bytes run(segment * run_segments, 0x55);
  uint64_t sent = 0, lost = 0;
  double before = relay.cpu_seconds();
  Instant started = clock_now();
  office.last = started;
  while (office.bytes + lost < total) {
    while (sent - office.bytes - lost < 512 * 1024 && sent < total) {
      for (size_t at = 0; at < run.size(); at += segment) sender.write_header(0, MutableBytes(run).subspan(at));
      sent += device.socket->send({device.path, 0, segment, run});
    }
    uv_run(loop.raw(), UV_RUN_NOWAIT);
    // What does not come within 50 ms was dropped by a socket.
    if (clock_now() - office.last > 50ms) lost = sent - office.bytes, office.last = clock_now();
  }
  double seconds = std::chrono::duration<double>(clock_now() - started).count();
  report(what, relay, relay.cpu_seconds() - before, sent, office.bytes, seconds);
}

// One client on a WebSocket.
struct SocketUser {
  Loop& loop;
  SystemEntropy entropy;
  RelayClient client;
  std::unique_ptr<RelayWebSocketClient> way;
  uint64_t bytes = 0;
  bool right = true;

  SocketUser(Loop& on, const RelayUrl& url, const Secret32& secret, End end) : loop(on), client({url.key, {}, 25s}, entropy) {
    client.open_mailbox(secret, end);
    client.connect(clock_now(), {});
    std::array<uint8_t, largest_control> hello;
    size_t length = client.poll_transmit(clock_now(), hello);
    way = std::make_unique<RelayWebSocketClient>(
        loop, url, parse_socket_address(url.host + ":" + std::to_string(url.port)).take(), std::nullopt, ByteView(hello).first(length), entropy,
        RelayWebSocketClient::Callbacks{[] {}, [this](MutableBytes datagram) { take(datagram); }, [this] { settle(); },
                                        [](const Error& why) { std::fprintf(stderr, "%s\n", why.message.c_str()), std::exit(1); }});
  }
  void take(ByteView datagram) {
    auto got = client.handle_datagram(clock_now(), datagram);
    if (!got.channel) return;
    bytes += datagram.size();
    for (size_t i = 0; i < got.payload.size(); i += 97) right &= got.payload[i] == 0x55;
  }
  void settle() {
    std::array<uint8_t, largest_control> buffer;
    while (way->is_open()) {
      size_t length = client.poll_transmit(clock_now(), buffer);
      if (length == 0) break;
      way->send(ByteView(buffer).first(length), length);
    }
    way->flush();
  }
};

// Gives what was lost on the way, in bytes.
uint64_t flood_sockets(const char* what, const RelayUrl& url, RelayProcess* relay, uint64_t total) {
  Loop loop;
  Secret32 secret = SystemEntropy().secret32();
  SocketUser office(loop, url, secret, End::office), device(loop, url, secret, End::device);
  LocalTimer wake(loop, [] {});
  while (office.client.status(0) != Status::joined || device.client.status(0) != Status::joined) {
    wake.start(10ms);
    loop.run_once();
  }
  constexpr size_t segment = 1442 + header_size;
  Bytes run(segment * 22, 0x55);
  uint64_t sent = 0;
  double before = relay ? relay->cpu_seconds() : 0;
  Instant started = clock_now(), last = started;
  while (sent < total || (office.bytes < sent && clock_now() - last < 2s)) {
    while (sent < total && sent - office.bytes < 190 * 1024) {
      for (size_t at = 0; at < run.size(); at += segment) device.client.write_header(0, MutableBytes(run).subspan(at));
      device.way->send(run, segment);
      device.way->flush();
      sent += run.size();
    }
    uint64_t arrived = office.bytes;
    wake.start(10ms);
    loop.run_once();
    if (office.bytes != arrived) last = clock_now();
    if (clock_now() - last > 5s) break;
  }
  double seconds = std::chrono::duration<double>(clock_now() - started).count();
  if (relay) report(what, *relay, relay->cpu_seconds() - before, sent, office.bytes, seconds);
  return office.right ? sent - office.bytes : sent;
}

// Devices that wait over WebSocket: what each costs the relay in memory.
void idle_sockets(const char* what, RelayProcess& relay, size_t devices) {
  Loop loop;
  double empty = relay.own_kib();
  std::vector<std::unique_ptr<SocketUser>> users;
  LocalTimer wake(loop, [] {});
  for (size_t i = 0; i < devices; ++i) {
    users.push_back(std::make_unique<SocketUser>(loop, relay.websocket(), SystemEntropy().secret32(), End::device));
    while (users.back()->client.status(0) != Status::waiting) {
      wake.start(10ms);
      loop.run_once();
    }
  }
  double full = relay.own_kib();
  std::printf("%s: %zu devices; %.0f KiB empty, %.0f KiB full: %.2f KiB each\n", what, devices, empty, full, (full - empty) / static_cast<double>(devices));
  std::fflush(stdout);  // before another relay is forked
}

void idle(RelayProcess& relay, size_t devices) {
  Loop loop;
  double empty = relay.own_kib();
  std::vector<std::unique_ptr<Users>> groups;
  Instant started = clock_now();
  double cpu = relay.cpu_seconds();
  constexpr size_t group = 50;
  for (size_t i = 0; i < devices; ++i) {
    if (i % group == 0) groups.push_back(std::make_unique<Users>(loop, relay.url()));
    RelayClient& client = groups.back()->add(groups.back()->entropy.secret32(), End::device);
    // Within the sockets' buffers.
    while (i % group == group - 1 && client.status(0) != Status::waiting) loop.run_once();
  }
  auto open = [&] {
    size_t count = 0;
    for (auto& users : groups) {
      for (auto& client : users->clients) count += client->status(0) == Status::waiting;
    }
    return count;
  };
  while (open() < devices) {
    for (auto& users : groups) {
      for (auto& client : users->clients) {
        if (client->next_timeout() <= clock_now()) client->handle_timeout(clock_now()), users->settle(*client);
      }
    }
    uv_run(loop.raw(), UV_RUN_NOWAIT);
  }
  double seconds = std::chrono::duration<double>(clock_now() - started).count();
  double full = relay.own_kib();
  std::printf("%zu devices in %.1f s, %.3f ms of CPU each; %.0f KiB empty, %.0f KiB full: %.2f KiB each\n", devices, seconds,
              (relay.cpu_seconds() - cpu) * 1000 / static_cast<double>(devices), empty, full, (full - empty) / static_cast<double>(devices));
  std::fflush(stdout);
  // Their keepalives for 30 s: what an idle relay costs.
  cpu = relay.cpu_seconds();
  Instant end = clock_now() + 30s;
  LocalTimer wake(loop, [] {});
  while (clock_now() < end) {
    for (auto& users : groups) {
      for (auto& client : users->clients) {
        if (client->next_timeout() <= clock_now()) client->handle_timeout(clock_now()), users->settle(*client);
      }
    }
    wake.start(10ms);
    loop.run_once();
  }
  std::printf("keepalives of %zu devices: %.4f of a core; %zu still open\n", devices, (relay.cpu_seconds() - cpu) / 30, open());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2 && std::string(argv[1]) == "pair") {
    auto url = parse_relay_url(argv[2]);
    if (!url) return std::fprintf(stderr, "%s\n", url.error().message.c_str()), 1;
    auto total = static_cast<uint64_t>((argc > 3 ? std::strtod(argv[3], nullptr) : 10) * (1 << 20));
    uint64_t lost = flood_sockets("", *url, nullptr, total);
    std::printf("%llu bytes lost\n", static_cast<unsigned long long>(lost));
    return lost > 0;
  }
  if (argc < 3) return std::fprintf(stderr, "usage: relay_bench run|idle|sockets DRAWBRIDGED [GIB|DEVICES]\n"), 2;
  std::string what = argv[1];
  RelayProcess relay(argv[2]);
  if (what == "idle") {
    idle(relay, argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 20'000);
    return 0;
  }
  if (what == "sockets") {
    size_t devices = argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 1'000;
    idle_sockets("WebSocket", relay, devices);
    RelayProcess secured(argv[2], true);
    idle_sockets("WebSocket under TLS", secured, devices);
    return 0;
  }
  auto total = static_cast<uint64_t>((argc > 3 ? std::strtod(argv[3], nullptr) : 2) * (1 << 30));
  flood("UDP, runs of 44 (GSO, GRO)", relay, total, 44);
  flood("UDP, one datagram a call", relay, total / 4, 1);
  flood_sockets("WebSocket", relay.websocket(), &relay, total / 2);
  RelayProcess secured(argv[2], true);
  flood_sockets("WebSocket under TLS", secured.websocket(), &secured, total / 2);
}
