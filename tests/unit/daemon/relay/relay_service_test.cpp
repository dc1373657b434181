// The relay on real sockets: two clients on loopback.
#include <fcntl.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "daemon/io/system_entropy.hpp"
#include "daemon/relay/relay_key.hpp"
#include "daemon/relay/relay_service.hpp"
#include "protocol/relay/mailbox_key.hpp"
#include "protocol/relay/relay_client.hpp"
#include "protocol/relay/relay_url.hpp"
#include "tests/unit/daemon/run_until.hpp"
#include "tests/unit/daemon/temporary_folder.hpp"

using namespace drawbridge;
using namespace drawbridge::relay;

namespace {

const SocketAddress loopback = SocketAddress::v4(127, 0, 0, 1, 0);

Log& silent() {
  static Log log(::open("/dev/null", O_WRONLY | O_CLOEXEC), LogFormat::json, LogLevel::error);
  return log;
}

// A RelayClient on a socket of its own.
struct User {
  Loop& loop;
  SystemEntropy entropy;
  RelayClient client;
  ReceiveBuffers buffers;
  std::vector<Bytes> received;
  std::vector<std::pair<SocketAddress, Challenge>> observations;
  std::vector<SocketAddress> observers;
  size_t largest_run = 0;
  std::unique_ptr<UdpSocket> socket;
  BootTimer timer;

  User(Loop& on, const RelayId& relay, const SocketAddress& address)
      : loop(on), client({relay_key_of(relay).take(), {}}, entropy), timer(loop, [this] { client.handle_timeout(loop.now().boot); settle(); }) {
    socket = UdpSocket::open(loop, loopback, buffers, {[this](const ArrivedRun& run) { take(run); }, [] {}}).take();
    client.connect(loop.now().boot, {socket->address(), address});
  }
  void take(const ArrivedRun& run) {
    largest_run = std::max(largest_run, run.bytes.size());
    for (size_t at = 0; at < run.bytes.size(); at += run.segment_size) {
      auto got = client.handle_datagram(loop.now().boot, run.bytes.subspan(at, std::min(run.segment_size, run.bytes.size() - at)));
      auto challenge = got.ours ? std::nullopt : parse_challenge(run.bytes);
      if (challenge) observations.emplace_back(run.path.remote, *challenge);
      if (got.channel) received.push_back(to_bytes(got.payload));
    }
    settle();
  }
  void ask(SocketAddress where, Mark transaction, bool elsewhere) {
    Bytes question = client.write_question(transaction, elsewhere);
    socket->send({{socket->address(), where}, 0, question.size(), question});
  }
  void settle() {
    std::array<uint8_t, largest_control> buffer;
    while (auto event = client.poll_event()) {
      if (const auto* ready = std::get_if<relay_event::Ready>(&*event)) observers = ready->observers;
    }
    while (size_t length = client.poll_transmit(loop.now().boot, buffer))
      socket->send({client.path(), 0, length, ByteView(buffer).first(length)});
    timer.arm_no_later_than(client.next_timeout());
  }
};

struct Meeting {
  Loop loop;
  SystemEntropy entropy;
  Identity identity = identity_from_seed(entropy.secret32());
  std::unique_ptr<RelayService> service;
  std::unique_ptr<User> office, device;

  Meeting() {
    RelaySettings settings;
    settings.listen = {loopback};
    service = RelayService::open(loop, silent(), entropy, identity, settings).take();
    SocketAddress address = service->listening()[0];
    office = std::make_unique<User>(loop, identity.id, address);
    device = std::make_unique<User>(loop, identity.id, address);
    office->client.open_mailbox(Secret32(), End::office);
    device->client.open_mailbox(Secret32(), End::device);
    office->settle();
    device->settle();
    REQUIRE(run_until(loop, [&] { return office->client.status(0) == Status::joined && device->client.status(0) == Status::joined; }));
  }
};

}  // namespace

TEST_CASE("a run of payloads crosses the relay as one run, every byte as it was") {
  Meeting meeting;
  constexpr size_t segment = 1200, count = 40;
  Bytes run(segment * count);
  for (size_t i = 0; i < run.size(); ++i) run[i] = static_cast<uint8_t>(i * 7 + i / 1200);
  for (size_t at = 0; at < run.size(); at += segment) meeting.device->client.write_header(0, MutableBytes(run).subspan(at));
  meeting.device->socket->send({meeting.device->client.path(), 0, segment, run});
  REQUIRE(run_until(meeting.loop, [&] { return meeting.office->received.size() == count; }));
  for (size_t i = 0; i < count; ++i)
    CHECK(equal(meeting.office->received[i], ByteView(run).subspan(i * segment + header_size, segment - header_size)));
  CHECK(meeting.office->largest_run > 10 * segment);
  CHECK(meeting.service->server().counters().forwarded == count);
}

TEST_CASE("observation ports tell who asks rightly its address, and are silent to all else") {
  Meeting meeting;
  User& user = *meeting.device;
  REQUIRE(user.observers.size() == 2);
  SocketAddress main = meeting.service->listening()[0];
  for (const SocketAddress& observer : user.observers) {
    CHECK(observer.port != main.port);
    Bytes garbage(80, 1);
    user.socket->send({{user.socket->address(), observer}, 0, garbage.size(), garbage});
    user.ask(observer, observer.port, false);
  }
  REQUIRE(run_until(meeting.loop, [&] { return user.observations.size() == 2; }));
  for (size_t i = 0; i < 2; ++i) {
    CHECK(user.observations[i].first == user.observers[i]);
    CHECK(user.observations[i].second.mark == user.observers[i].port);
    CHECK(user.observations[i].second.observed == user.socket->address());
  }
}

TEST_CASE("an answer asked from elsewhere comes from a port that the client has not written to") {
  Meeting meeting;
  User& user = *meeting.device;
  SocketAddress main = meeting.service->listening()[0];
  user.ask(main, 7, true);
  REQUIRE(run_until(meeting.loop, [&] { return !user.observations.empty(); }));
  SocketAddress from = user.observations[0].first;
  CHECK(from.ip == main.ip);
  CHECK(from != main);
  CHECK(std::find(user.observers.begin(), user.observers.end(), from) == user.observers.end());
}

TEST_CASE("the metrics name no address and no mailbox") {
  Meeting meeting;
  std::string text = metrics_text(meeting.service->server(), meeting.service->traffic());
  CHECK(text.find("drawbridge_relay_clients 2\n") != std::string::npos);
  CHECK(text.find("127.0.0.1") == std::string::npos);
  CHECK(text.find(to_hex(mailbox_key(Secret32(), meeting.identity.id).id.bytes)) == std::string::npos);
}

TEST_CASE("draining tells the clients and ends in time") {
  Meeting meeting;
  bool ended = false, told = false;
  meeting.office->client.shut_down();
  meeting.device->client.shut_down();
  meeting.service->drain([&] { ended = true; });
  meeting.office->settle();
  meeting.device->settle();
  REQUIRE(run_until(meeting.loop, [&] {
    while (auto event = meeting.office->client.poll_event()) told |= std::holds_alternative<relay_event::Draining>(*event);
    return ended;
  }));
}

TEST_CASE("the relay's key is made once, kept, and refused when others may read it") {
  TemporaryFolder folder;
  SystemEntropy entropy;
  std::string file = folder.file("relay.key");
  Identity made = read_or_make_relay_key(file, entropy).take();
  CHECK(read_or_make_relay_key(file, entropy).take().id == made.id);
  chmod(file.c_str(), 0644);
  CHECK(read_or_make_relay_key(file, entropy).error().code == ErrorCode::not_allowed);
  chmod(file.c_str(), 0600);
  std::ofstream(file) << "short";
  CHECK(read_or_make_relay_key(file, entropy).error().code == ErrorCode::malformed);
}

TEST_CASE("the URLs that a relay prints name it") {
  Meeting meeting;
  auto url = parse_relay_url(meeting.service->urls()[0]);
  REQUIRE(url);
  CHECK(url->key.id == meeting.identity.id);
  CHECK(url->port == meeting.service->listening()[0].port);
}
