// The relay's messages: sizes, the one right form, and the worked example of docs/spec/relay.md.
#include <catch2/catch.hpp>

#include "protocol/relay/mailbox_key.hpp"
#include "protocol/relay/relay_url.hpp"
#include "tests/sim/seeded_entropy.hpp"

using namespace drawbridge;
using namespace drawbridge::relay;

namespace {

Secret32 filled(uint8_t value) {
  Secret32 secret;
  for (uint8_t& byte : secret.reveal_mutable()) byte = value;
  return secret;
}

const Identity relay_identity = identity_from_seed(filled(0x11));
const RelayKey relay_key = relay_key_of(relay_identity.id).take();

Item item_of(uint8_t channel, const SessionKeys& keys) {
  Item item{channel, End::device, {}, 0x1122334455667788, UINT32_MAX};
  prove(item, mailbox_key(filled(0x33), relay_key.id), relay_key.id, keys.binding);
  return item;
}

SessionKeys keys_of(const Secret32& access = {}) {
  return *agree(filled(0x22), relay_key.exchange, relay_key.id, exchange_public_from(filled(0x22)), access);
}

}  // namespace

TEST_CASE("both sides of a session agree on its keys, and a token changes all of them") {
  ExchangePublic ephemeral = exchange_public_from(filled(0x22));
  auto theirs = agree(relay_identity.exchange_key, ephemeral, relay_key.id, ephemeral, {});
  REQUIRE(theirs);
  CHECK(theirs->mark == keys_of().mark);
  CHECK(theirs->to_relay == keys_of().to_relay);
  CHECK_FALSE(theirs->to_relay == theirs->to_client);
  CHECK(keys_of(access_of("token")).mark != theirs->mark);
  CHECK_FALSE(agree(relay_identity.exchange_key, ExchangePublic{}, relay_key.id, ephemeral, {}));
}

TEST_CASE("an answer to a stranger is never larger than its question") {
  CHECK(encode(Hello{}).size() == hello_size);
  CHECK(encode(Challenge{}).size() == challenge_size);
  CHECK(encode_gone({}).size() == gone_size);
  CHECK(challenge_size <= hello_size);
  Bytes control = seal_body(encode(ControlHeader{}), 1, encode(ControlBody{}), filled(1));
  CHECK(gone_size <= control.size());
}

TEST_CASE("nine openings, the most that one message holds, fit 1200 bytes in OPEN and in CONTROL") {
  SessionKeys keys = keys_of();
  ControlBody body{ControlKind::items, UINT64_MAX, 60};
  for (size_t i = 0; i < limits::relay_items; ++i) body.items.push_back(item_of(static_cast<uint8_t>(127 - i), keys));
  for (Item& item : body.items) item.number = UINT64_MAX;
  CHECK(seal_body(encode(OpenHeader{}), 1, encode(body), keys.to_relay).size() <= largest_control);
  auto read = parse_control_body(encode(body));
  REQUIRE(read);
  CHECK(read->items.size() == limits::relay_items);
  body.items.push_back(body.items[0]);
  CHECK_FALSE(parse_control_body(encode(body)));
}

TEST_CASE("a proof holds for its relay, session, end, channel and number only") {
  SessionKeys keys = keys_of();
  Item item = item_of(3, keys);
  CHECK(proves(item, relay_key.id, keys.binding));
  CHECK_FALSE(proves(item, identity_from_seed(filled(0x12)).id, keys.binding));
  CHECK_FALSE(proves(item, relay_key.id, filled(9)));
  for (auto change : {+[](Item& changed) { changed.end = End::office; }, +[](Item& changed) { changed.channel = 4; },
                      +[](Item& changed) { ++changed.number; }, +[](Item& changed) { ++changed.instance; },
                      +[](Item& changed) { changed.mailbox.bytes[0] ^= 1; }}) {
    Item changed = item;
    change(changed);
    CHECK_FALSE(proves(changed, relay_key.id, keys.binding));
  }
}

TEST_CASE("a pair's mailbox is another one on another relay") {
  RelayId other = identity_from_seed(filled(0x12)).id;
  CHECK(mailbox_key(filled(1), relay_key.id).id != mailbox_key(filled(1), other).id);
  CHECK(mailbox_key(filled(1), relay_key.id).id != mailbox_key(filled(2), relay_key.id).id);
}

TEST_CASE("each message is read back as it was written, and no shorter or longer form of it") {
  Hello hello{7, {1, 2}, 1, relay_key.exchange};
  Challenge challenge{8, {3}, SocketAddress::v4(192, 0, 2, 9, 4000), 1};
  CHECK(parse_hello(encode(hello))->ephemeral == relay_key.exchange);
  CHECK(parse_challenge(encode(challenge))->observed == challenge.observed);
  for (Bytes bytes : {encode(hello), encode(challenge), encode_gone({1, 2})}) {
    Bytes longer = bytes, shorter(bytes.begin(), bytes.end() - 1);
    longer.push_back(0);
    for (const Bytes& wrong : {longer, shorter}) {
      CHECK_FALSE(parse_hello(wrong));
      CHECK_FALSE(parse_challenge(wrong));
      CHECK_FALSE(parse_gone(wrong));
    }
  }
}

TEST_CASE("a state is read back whole") {
  StateBody state{5, 6, flag_draining, SocketAddress::v4(198, 51, 100, 7, 9), {{2, 1}, {0x81, 255}}, 30, "Ann", "FR", "wss://r/x"};
  state.observers = {SocketAddress::v4(203, 0, 113, 11, 7471), {{}, 7472}};
  state.located.emplace(3, SocketAddress::v4(198, 51, 100, 8, 10));
  auto read = parse_state_body(encode(state));
  REQUIRE(read);
  CHECK(read->observers == state.observers);
  CHECK(read->located == state.located);
  CHECK(read->channels == state.channels);
  CHECK(read->observed == state.observed);
  CHECK(read->operator_name == "Ann");
  state.phone_page = "https://shell.example";
  auto served = parse_state_body(encode(state));
  REQUIRE(served);
  CHECK(served->phone_page == state.phone_page);
  for (const char* wrong : {"http://shell.example", "https://", "https://a/b", "https://A", "https://a:x", "javascript:x", "https://a:123456"}) {
    CAPTURE(wrong);
    CHECK_FALSE(is_phone_page(wrong));
    state.phone_page = wrong;
    CHECK_FALSE(parse_state_body(encode(state)));
  }
  Bytes odd = encode(StateBody{});
  odd.push_back(0);
  CHECK_FALSE(parse_state_body(odd));
}

TEST_CASE("the state of a relay without observation ports is read, and five such ports are too many") {
  Bytes body = encode(StateBody{});
  body[0] = 0x99;                // an array of 9, ...
  body.resize(body.size() - 2);  // ... without the two last fields
  auto read = parse_state_body(body);
  REQUIRE(read);
  CHECK(read->observers.empty());
  StateBody many;
  many.observers.resize(limits::relay_observers + 1, SocketAddress::v4(1, 2, 3, 4, 5));
  CHECK_FALSE(parse_state_body(encode(many)));
}

TEST_CASE("to locate somebody is to name one channel") {
  ControlBody body{ControlKind::locate, 1, 25, {}, {Item{5}}};
  auto read = parse_control_body(encode(body));
  REQUIRE(read);
  CHECK(read->items[0].channel == 5);
  body.items.clear();
  CHECK_FALSE(parse_control_body(encode(body)));
}

TEST_CASE("the worked example of the specification") {
  ExchangePublic ephemeral = exchange_public_from(filled(0x22));
  SessionKeys keys = keys_of();
  Hello hello{0, {}, 1, ephemeral};
  std::memset(&hello.transaction, 0x44, sizeof hello.transaction);
  hello.knock = KnockKey(relay_key.id, {}).knock(knocked_part(hello));
  CHECK(to_hex(relay_key.id.bytes) == "d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737");
  CHECK(to_hex(ephemeral) == "0faa684ed28867b97f4a6a2dee5df8ce974e76b7018e3f22a1c4cf2678570f20");
  CHECK(to_hex(hello.knock) == "511b55e5113c6321");
  Bytes mark(8);
  std::memcpy(mark.data(), &keys.mark, 8);
  CHECK(to_hex(mark) == "ecce857f39f2d11a");
  CHECK(to_hex(mailbox_key(filled(0x33), relay_key.id).id.bytes) == "c3aed52f627a596ddc38cbc8136387e588e79f5a1352756495e0669afe886c11");
  ControlHeader ping{keys.mark, 2};
  ping.knock = KnockKey(relay_key.id, {}).knock(knocked_part(ping));
  CHECK(to_hex(seal_body(encode(ping), 2, encode(ControlBody{ControlKind::ping, 1, 25}), keys.to_relay)) == "04ecce857f39f2d11a0000000000000002330f8cc13281f06b88ff7745bcdd77e845b5642da208b1fe239fe791b1e97ae83bcb69a8dfb902");
}

TEST_CASE("an address that stands for any is no relay's") {
  std::string key = "#" + to_text(relay_key.id);
  for (const char* text : {"udp://0.0.0.0", "udp://0.0.0.0:7471", "udp://[::]", "wss://[::]:443/relay"}) {
    CAPTURE(text);
    CHECK(!parse_relay_url(text + key));
  }
  CHECK(parse_relay_url("udp://[::1]" + key));
}

TEST_CASE("a relay's URL is read in each form and written in one") {
  std::string key = to_text(relay_key.id);
  auto round = [&](const std::string& text) {
    auto url = parse_relay_url(text);
    REQUIRE(url);
    CHECK(parse_relay_url(to_text(*url)));
    return to_text(*url);
  };
  CHECK(round("udp://relay.example:7471#" + key) == "udp://relay.example#" + key);
  CHECK(round("udp://[2001:db8::1]:9#" + key) == "udp://[2001:db8::1]:9#" + key);
  CHECK(round("wss://relay.example#" + key) == "wss://relay.example#" + key);
  CHECK(round("wss://relay.example/a/b#" + key) == "wss://relay.example/a/b#" + key);
  CHECK(round("ws://127.0.0.1:8080/relay#" + key) == "ws://127.0.0.1:8080#" + key);
  std::string plain;
  for (char c : key) plain += c == '-' ? "" : std::string(1, c);
  CHECK(round("udp://relay.example#" + plain) == "udp://relay.example#" + key);
}

TEST_CASE("what is no relay's URL is refused with a remedy") {
  std::string key = to_text(relay_key.id);
  std::string typo = key;
  typo[3] = typo[3] == '0' ? '1' : '0';
  for (const std::string& wrong :
       {std::string("relay.example"), "http://relay.example#" + key, std::string("udp://relay.example"), "udp://relay.example#" + typo,
        "udp://:7471#" + key, "udp://relay.example:0#" + key, "udp://relay.example:70000#" + key, "udp://user@relay.example#" + key,
        "udp://relay.example/path#" + key, "wss://relay.example/a?token=b#" + key, "udp://[::1#" + key, "wss://relay.example/a b#" + key,
        "udp://" + std::string(1000, 'a') + "#" + key}) {
    auto url = parse_relay_url(wrong);
    INFO(wrong);
    REQUIRE_FALSE(url);
    CHECK_FALSE(url.error().remedy.empty());
  }
}
