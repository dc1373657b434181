// Pairing by a short code, through a relay that both ends know.
#include <catch2/catch.hpp>

#include "tests/sim/world.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

namespace {

struct Meeting {
  explicit Meeting(uint64_t seed, LinkOptions link = {.delay = 10ms})
      : world(seed, link), relay(world.add_relay()), office(world.add("office")), laptop(world.add("laptop")) {
    world.run(100ms);
    office.expose("echo");
  }
  void know_the_relay() {
    REQUIRE(office.node->add_relay(office.now(), relay.url(), ""));
    REQUIRE(laptop.node->add_relay(laptop.now(), relay.url(), ""));
    world.run(1s);
  }
  std::string show(Language language = Language::english) {
    InvitationOptions options;
    options.code_language = language;
    options.grants = {{"*", {}}};
    options.addresses = {office.address};
    auto created = office.node->create_invitation(office.now(), options);
    REQUIRE(created);
    office.pump();
    return created->code;
  }
  // Nothing: it worked.
  std::optional<Error> type(const std::string& code) {
    auto request = laptop.node->join(laptop.now(), code, "laptop");
    if (!request) return request.error();
    laptop.pump();
    REQUIRE(world.run(60s, [&] { return laptop.done(*request); }));
    return laptop.results[*request].error;
  }
  bool connected() {
    const PeerStatus* status = laptop.peer(office.identity.id);
    return status && status->state == PeerState::connected;
  }
  size_t wrong_tries() const {
    return static_cast<size_t>(std::count_if(office.events.begin(), office.events.end(), [](const Event& event) { return std::holds_alternative<event::CodeTried>(event); }));
  }

  World world;
  SimRelay& relay;
  SimNode& office;
  SimNode& laptop;
};

// The same number, and words of the same language that are surely others.
std::string with_other_words(const std::string& code) { return code.substr(0, code.find('-')) + (code.ends_with("abandon-ability") ? "-zone-zero" : "-abandon-ability"); }

}  // namespace

TEST_CASE("a laptop is paired by two words and a number, in each language") {
  auto language = GENERATE(Language::english, Language::french, Language::spanish);
  Meeting a(1);
  a.know_the_relay();
  CHECK(!a.type(a.show(language)));
  CHECK(a.connected());
  CHECK(a.wrong_tries() == 0);
}

TEST_CASE("a code works over a line that loses, doubles and reorders") {
  Meeting a(2, {.delay = 20ms, .loss = 0.2, .duplicate = 0.1, .reorder = 0.1});
  a.know_the_relay();
  CHECK(!a.type(a.show()));
}

TEST_CASE("wrong words are told to both ends, and the right ones still work after two of them") {
  Meeting a(3);
  a.know_the_relay();
  std::string code = a.show();
  for (int left : {2, 1}) {
    auto error = a.type(with_other_words(code));
    REQUIRE(error);
    CHECK(error->code == ErrorCode::authentication);
    CHECK(error->remedy.find(std::to_string(left)) != std::string::npos);
  }
  CHECK(a.wrong_tries() == 2);
  CHECK(!a.type(code));
}

TEST_CASE("three wrong tries end a code for good") {
  Meeting a(4);
  a.know_the_relay();
  std::string code = a.show();
  for (int i = 0; i < 3; ++i) CHECK(a.type(with_other_words(code)));
  auto error = a.type(code);
  REQUIRE(error);
  CHECK(error->code == ErrorCode::not_allowed);
  CHECK(a.office.node->devices(a.office.now()).empty());
}

TEST_CASE("a code that one device has used is refused to the next") {
  Meeting a(5);
  a.know_the_relay();
  std::string code = a.show();
  SimNode& other = a.world.add("other");
  a.world.run(100ms);
  REQUIRE(other.node->add_relay(other.now(), a.relay.url(), ""));
  a.world.run(1s);
  CHECK(!a.type(code));
  auto request = other.node->join(other.now(), code, "other");
  REQUIRE(request);
  REQUIRE(a.world.run(60s, [&] { return other.done(*request); }));
  CHECK(other.results[*request].error);
  CHECK(a.office.node->devices(a.office.now()).size() == 1);
}

TEST_CASE("without a relay a code is neither shown nor looked for, and a number that nobody shows ends in words") {
  Meeting a(6);
  InvitationOptions options;
  options.code_language = Language::english;
  CHECK(a.office.node->create_invitation(a.office.now(), options).error().code == ErrorCode::state);
  CHECK(a.type("7-forest-lamp")->code == ErrorCode::state);
  a.know_the_relay();
  CHECK(a.type("7-forest-lamp")->code == ErrorCode::unreachable);
}
