// The phone's core, driven by a page that is made of plain lists.
#include "web/core/phone_core.hpp"

#include <catch2/catch.hpp>

#include "protocol/pairing/link.hpp"
#include "protocol/wire/msgpack.hpp"

using namespace drawbridge;
using namespace drawbridge::web;

namespace {

struct Page final : Host {
  struct Opened {
    uint16_t number;
    uint32_t serial;
    std::string url, protocol, hello;
  };
  Instant time{std::chrono::hours(1)};
  uint8_t drawn = 0;
  bool stuck = false;  // the generator repeats itself
  std::vector<Opened> opened;
  std::vector<Bytes> told, sent;
  int closed = 0;

  void fill(MutableBytes target) override {
    for (uint8_t& byte : target) {
      ++drawn;
      byte = stuck ? 7 : static_cast<uint8_t>(drawn * 37 + drawn / 7);
    }
  }
  Now now() override { return {time, {1'800'000'000'000}}; }
  void open_socket(uint16_t number, uint32_t serial, std::string_view url, std::string_view protocol, std::string_view hello) override {
    opened.push_back({number, serial, std::string(url), std::string(protocol), std::string(hello)});
  }
  void close_socket(uint16_t) override { ++closed; }
  bool send(uint16_t, ByteView message) override { return sent.push_back(to_bytes(message)), true; }
  void tell(ByteView event) override { told.push_back(to_bytes(event)); }
};

Bytes settings(ByteView seed, const std::string& name = "Phone") {
  Bytes out;
  msgpack::Writer(out).array(3).bin(seed).str(name).array(0);
  return out;
}

struct Phone {
  Page page;
  PhoneCore core{page};

  Phone() { REQUIRE(core.start(settings(Bytes(32, 5)))); }

  void settle() {
    core.settle();
    while (!page.told.empty()) {
      Bytes event = page.told.front();
      page.told.erase(page.told.begin());
      msgpack::Reader reader(event);
      reader.array(8);
      if (reader.str(16) == "store") core.stored(reader.uint(), true);
    }
    core.settle();
  }
  void advance(Duration by) {
    page.time += by;
    settle();
  }
};

const std::string relay_key = to_text(identity_from_seed(Secret32()).id);

std::string link_by(const std::string& url, const std::string& other = "") {
  Secret32 seed;
  seed.reveal_mutable()[0] = 9;
  return pairing::to_link({identity_from_seed(seed).id, Secret32(), {}, {{url, other, ""}}});
}

}  // namespace

TEST_CASE("a generator that gives the same bytes twice is not trusted") {
  Page page;
  CHECK(PhoneCore::entropy_works(page));
  page.stuck = true;
  CHECK_FALSE(PhoneCore::entropy_works(page));
  CHECK_FALSE(PhoneCore(page).start(settings(Bytes(32, 5))));
}

TEST_CASE("a store that was damaged is refused with words, not obeyed") {
  Page page;
  for (const Bytes& damaged : {Bytes(), settings(Bytes(31, 5)), Bytes(40, 0x93), settings(Bytes(32, 5), std::string(65, 'x'))}) {
    CHECK_FALSE(PhoneCore(page).start(damaged));
  }
}

TEST_CASE("a page reaches relays by WebSocket only, and the HELLO travels in the upgrade") {
  Phone phone;
  phone.settle();
  REQUIRE(phone.core.join(link_by("udp://relay.example#" + relay_key, "wss://relay.example#" + relay_key), "Phone"));
  phone.settle();
  REQUIRE(phone.page.opened.size() == 1);
  CHECK(phone.page.opened[0].url == "wss://relay.example/relay");
  CHECK(phone.page.opened[0].protocol == "drawbridge.1");
  CHECK(phone.page.opened[0].hello.size() == 2 + 107);
  CHECK(phone.page.sent.empty());
}

TEST_CASE("a relay that breaks off is dialled again, sooner or later") {
  Phone phone;
  phone.settle();
  REQUIRE(phone.core.join(link_by("ws://127.0.0.1:9#" + relay_key), "Phone"));
  phone.settle();
  for (size_t attempt = 1; attempt <= 3; ++attempt) {
    REQUIRE(phone.page.opened.size() == attempt);
    phone.core.sockets().closed(phone.page.opened.back().number, phone.page.opened.back().serial);
    phone.settle();
    CHECK(phone.page.opened.size() == attempt);
    phone.advance(1s);
  }
  // What is told of an attempt that is over means nothing.
  phone.core.sockets().closed(phone.page.opened[0].number, phone.page.opened[0].serial);
  phone.advance(1s);
  CHECK(phone.page.opened.size() == 4);
}

TEST_CASE("a page that wakes up opens its WebSockets anew") {
  Phone phone;
  phone.settle();
  REQUIRE(phone.core.join(link_by("ws://127.0.0.1:9#" + relay_key), "Phone"));
  phone.settle();
  phone.core.sockets().opened(phone.page.opened[0].number, phone.page.opened[0].serial);
  phone.core.wake();
  phone.settle();
  CHECK(phone.page.closed == 1);
  REQUIRE(phone.page.opened.size() == 2);
  CHECK(phone.page.opened[0].hello != phone.page.opened[1].hello);
}

TEST_CASE("whatever a relay sends trips nothing") {
  Phone phone;
  phone.settle();
  REQUIRE(phone.core.join(link_by("ws://127.0.0.1:9#" + relay_key), "Phone"));
  phone.settle();
  auto [number, serial] = std::pair(phone.page.opened[0].number, phone.page.opened[0].serial);
  phone.core.sockets().opened(number, serial);
  for (Bytes message : {Bytes(), Bytes{0}, Bytes{0, 0}, Bytes{0, 5, 1}, Bytes{0, 1, 1, 0, 1, 2, 0, 0, 0, 2, 3, 3}, Bytes(65'535, 0), Bytes(3'000, 1)}) {
    phone.core.sockets().received(number, serial, message);
    phone.settle();
  }
  CHECK(phone.core.settle());
}
