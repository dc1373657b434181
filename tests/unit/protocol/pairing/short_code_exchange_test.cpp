#include <catch2/catch.hpp>

#include "protocol/base/limits.hpp"
#include "protocol/pairing/short_code_join.hpp"
#include "protocol/pairing/short_code_offer.hpp"
#include "tests/sim/seeded_entropy.hpp"

using namespace drawbridge;
using namespace drawbridge::pairing;
using namespace drawbridge::pairing::short_code_message;

namespace {

const std::string invitation = "drawbridge:#the-invitation";

ShortCode code(const char* text) {
  auto code = parse_short_code(text);
  REQUIRE(code);
  return *code;
}

// An office that shows 7-forest-lamp, and whoever comes; every datagram may be lost, doubled or seen.
struct Meeting {
  sim::SeededEntropy entropy{11};
  sim::Chance chance{5};
  Instant now{Duration(1h)};
  ShortCodeOffer office = ShortCodeOffer::create(code("7-forest-lamp"), invitation, now + 10min, entropy).take();
  std::vector<ShortCodeEvent> events;
  std::vector<Bytes> from_device, from_office;
  double loss = 0, doubled = 0;

  ShortCodeJoin device(const char* text = "7-forest-lamp") { return {code(text), now, entropy}; }

  void to_office(const Bytes& datagram) {
    office.handle_datagram(now, datagram);
    while (auto event = office.poll_event()) events.push_back(*event);
  }

  void exchange(ShortCodeJoin& device) {
    while (auto datagram = device.poll_transmit(now)) {
      from_device.push_back(*datagram);
      for (int copies = 1 + chance.happens(doubled); copies > 0; --copies)
        if (!chance.happens(loss)) to_office(*datagram);
    }
    while (auto datagram = office.poll_transmit()) {
      from_office.push_back(*datagram);
      for (int copies = 1 + chance.happens(doubled); copies > 0; --copies)
        if (!chance.happens(loss)) device.handle_datagram(now, *datagram);
    }
  }

  // Until the device has its outcome.
  void run(ShortCodeJoin& device) {
    for (int turn = 0; turn < 1'000 && !device.outcome(); ++turn) {
      exchange(device);
      if (device.outcome()) return;
      Instant next = device.next_timeout();
      if (next > now) now = next;
      device.handle_timeout(now);
    }
    REQUIRE(device.outcome());
  }

  // A device that joins, and what came of it.
  Result<std::string> join(const char* text) {
    ShortCodeJoin device = this->device(text);
    run(device);
    return *device.outcome();
  }

  Bytes next(ShortCodeJoin& device) {
    auto datagram = device.poll_transmit(now);
    REQUIRE(datagram);
    return *datagram;
  }
  // The office's one answer; empty if it is silent.
  Bytes answer(const Bytes& datagram) {
    to_office(datagram);
    auto answer = office.poll_transmit();
    CHECK_FALSE(office.poll_transmit());
    return answer ? *answer : Bytes();
  }
};

template <typename Event>
int count(const Meeting& meeting) {
  int found = 0;
  for (const ShortCodeEvent& event : meeting.events) found += std::holds_alternative<Event>(event);
  return found;
}

Refused refused(const Bytes& datagram) {
  auto message = parse(datagram);
  REQUIRE(message);
  REQUIRE(std::holds_alternative<Refused>(*message));
  return std::get<Refused>(*message);
}

}  // namespace

TEST_CASE("a device with the right code gets the link in two round trips, without it ever crossing in the clear") {
  Meeting meeting;
  auto got = meeting.join("7-forest-lamp");
  REQUIRE(got);
  CHECK(*got == invitation);
  CHECK(meeting.from_device.size() == 2);
  CHECK(count<short_code_event::LinkGiven>(meeting) == 1);
  CHECK(meeting.office.over());
  for (const Bytes& datagram : meeting.from_office) CHECK(to_string(datagram).find("drawbridge:") == std::string::npos);
}

TEST_CASE("a short code works through loss and doubling, and one device is counted once") {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    Meeting meeting;
    meeting.chance = sim::Chance(seed);
    meeting.loss = 0.4, meeting.doubled = 0.3;
    auto got = meeting.join("7-forest-lamp");
    CAPTURE(seed);
    REQUIRE(got);
    CHECK(*got == invitation);
    CHECK(meeting.office.tries_left() == limits::short_code_tries);
    CHECK(count<short_code_event::LinkGiven>(meeting) == 1);
  }
}

TEST_CASE("wrong words are counted once each through loss and doubling, and the device says how many tries are left") {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    Meeting meeting;
    meeting.chance = sim::Chance(seed);
    meeting.loss = 0.3, meeting.doubled = 0.3;
    CAPTURE(seed);
    ShortCodeJoin device = meeting.device("7-forest-label");
    meeting.run(device);
    CHECK(device.outcome()->error().code == ErrorCode::authentication);
    CHECK(device.tries_left() == 2);
    CHECK(device.outcome()->error().remedy.find("2 tries are left") != std::string::npos);
    CHECK(count<short_code_event::WrongWords>(meeting) == 1);
  }
}

TEST_CASE("two wrong tries leave the third to the right words") {
  Meeting meeting;
  CHECK_FALSE(meeting.join("7-forest-label"));
  CHECK_FALSE(meeting.join("7-lamp-forest"));
  auto got = meeting.join("7-forest-lamp");
  REQUIRE(got);
  CHECK(*got == invitation);
}

TEST_CASE("three wrong tries end a code, and then the right words are refused too") {
  Meeting meeting;
  for (int i = 0; i < 3; ++i) CHECK(meeting.join("7-forest-label").error().code == ErrorCode::authentication);
  CHECK(meeting.office.over());
  CHECK(count<short_code_event::WrongWords>(meeting) == 3);
  auto late = meeting.join("7-forest-lamp");
  REQUIRE_FALSE(late);
  CHECK(late.error().code == ErrorCode::not_allowed);
  CHECK(count<short_code_event::LinkGiven>(meeting) == 0);
}

TEST_CASE("exchanges under way when a code dies are worth no further guess") {
  Meeting meeting;
  std::vector<ShortCodeJoin> devices;
  for (int i = 0; i < 4; ++i) devices.push_back(meeting.device(i < 3 ? "7-forest-label" : "7-forest-lamp"));
  for (ShortCodeJoin& device : devices) device.handle_datagram(meeting.now, meeting.answer(meeting.next(device)));
  for (ShortCodeJoin& device : devices) device.handle_datagram(meeting.now, meeting.answer(meeting.next(device)));
  CHECK(devices[2].outcome()->error().code == ErrorCode::authentication);
  REQUIRE(devices[3].outcome());
  CHECK(devices[3].outcome()->error().code == ErrorCode::not_allowed);
}

TEST_CASE("a code serves one device, whose repetitions are answered alike; another hears that it is used") {
  Meeting meeting;
  ShortCodeJoin first = meeting.device();
  meeting.run(first);
  Bytes confirm = meeting.from_device.back(), sealed = meeting.from_office.back();
  CHECK(meeting.answer(confirm) == sealed);
  auto second = meeting.join("7-forest-lamp");
  REQUIRE_FALSE(second);
  CHECK(second.error().code == ErrorCode::not_allowed);
  CHECK(count<short_code_event::LinkGiven>(meeting) == 1);
}

TEST_CASE("a code ends with its time, once") {
  Meeting meeting;
  ShortCodeJoin device = meeting.device();
  Bytes share = meeting.answer(meeting.next(device));
  meeting.now += 10min;
  CHECK(meeting.office.next_timeout() <= meeting.now);
  device.handle_datagram(meeting.now, share);
  CHECK(refused(meeting.answer(meeting.next(device))).why == Refusal::expired);
  meeting.office.handle_timeout(meeting.now);
  CHECK(meeting.office.next_timeout() == far_future);
  CHECK(count<short_code_event::Expired>(meeting) == 1);
  CHECK(meeting.join("7-forest-lamp").error().code == ErrorCode::expired);
}

TEST_CASE("a device that hears nothing gives up after its patience and repeats itself less and less") {
  Meeting meeting;
  meeting.loss = 1;
  Instant began = meeting.now;
  auto got = meeting.join("7-forest-lamp");
  REQUIRE_FALSE(got);
  CHECK(got.error().code == ErrorCode::unreachable);
  CHECK(meeting.now - began == limits::join_patience);
  CHECK(meeting.from_device.size() < 25);
}

TEST_CASE("recorded messages open nothing in another exchange") {
  Meeting meeting;
  ShortCodeJoin first = meeting.device("7-forest-label");
  meeting.run(first);
  std::vector<Bytes> old = meeting.from_office;
  for (const Bytes& datagram : std::vector<Bytes>(meeting.from_device)) meeting.answer(datagram);
  CHECK(meeting.office.tries_left() == 2);
  ShortCodeJoin second = meeting.device();
  for (const Bytes& datagram : old) second.handle_datagram(meeting.now, datagram);
  CHECK_FALSE(second.outcome());
  meeting.run(second);
  CHECK(second.outcome()->ok());
}

TEST_CASE("garbage, and shares that are no elements, change nothing at either end") {
  Meeting meeting;
  ShortCodeJoin device = meeting.device();
  Bytes hello = meeting.next(device);
  Bytes zeros = hello;
  std::fill(zeros.begin() + 18, zeros.end(), 0);
  CHECK(meeting.answer(zeros).empty());
  for (size_t length = 0; length < hello.size(); ++length) CHECK(meeting.answer(Bytes(hello.begin(), hello.begin() + static_cast<long>(length))).empty());
  Bytes share = meeting.answer(hello);
  Bytes bad = share;
  std::fill(bad.begin() + 17, bad.end(), 0);
  device.handle_datagram(meeting.now, bad);
  device.handle_datagram(meeting.now, hello);
  CHECK_FALSE(device.outcome());
  device.handle_datagram(meeting.now, share);
  Bytes sealed = meeting.answer(meeting.next(device));
  Bytes damaged = sealed;
  damaged.back() ^= 1;
  device.handle_datagram(meeting.now, damaged);
  CHECK_FALSE(device.outcome());
  device.handle_datagram(meeting.now, sealed);
  REQUIRE(device.outcome());
  CHECK(device.outcome()->ok());
}

TEST_CASE("a lying office tests one guess an exchange: a second share is not answered") {
  Meeting meeting;
  ShortCodeJoin device = meeting.device();
  auto hello = std::get<Hello>(*parse(meeting.next(device)));
  for (const char* guess : {"7-forest-label", "7-forest-lamp"}) {
    auto ours = cpace::draw_ephemeral(short_code_generator(code(guess), hello.sid), meeting.entropy);
    device.handle_datagram(meeting.now, encode(short_code_message::Share{hello.sid, ours.share}));
  }
  auto confirm = std::get<Confirm>(*parse(meeting.next(device)));
  meeting.now += 1min;
  CHECK(meeting.next(device) == encode(confirm));
}

TEST_CASE("the word that a code is wrong counts only for a device that has said its words") {
  Meeting meeting;
  ShortCodeJoin device = meeting.device();
  auto hello = std::get<Hello>(*parse(meeting.next(device)));
  device.handle_datagram(meeting.now, encode(Refused{hello.sid, Refusal::wrong, 2}));
  CHECK_FALSE(device.outcome());
}

TEST_CASE("a flood of hellos is answered at the rate of a few, and the honest device still gets through") {
  Meeting meeting;
  int answered = 0;
  for (int i = 0; i < 1'000; ++i) {
    ShortCodeJoin stranger = meeting.device("7-forest-label");
    answered += !meeting.answer(meeting.next(stranger)).empty();
  }
  CHECK(answered == limits::short_code_hellos_burst);
  CHECK(meeting.office.tries_left() == 3);
  CHECK(meeting.join("7-forest-lamp").ok());
}

TEST_CASE("a device of another version is told so") {
  Meeting meeting;
  Bytes hello = encode(Hello{{}, 2, {}});
  CHECK(refused(meeting.answer(hello)).why == Refusal::version);
  hello.resize(hello.size() + 100);
  CHECK(refused(meeting.answer(hello)).why == Refusal::version);
}

TEST_CASE("a link that does not fit one datagram gets no short code") {
  Meeting meeting;
  auto offer = ShortCodeOffer::create(code("7-forest-lamp"), std::string(limits::short_code_link_bytes + 1, 'a'), meeting.now, meeting.entropy);
  REQUIRE_FALSE(offer);
  CHECK(offer.error().code == ErrorCode::limit);
}
