#include "protocol/tunnel/control_message.hpp"

#include <catch2/catch.hpp>

#include "protocol/base/limits.hpp"
#include "protocol/roster/record_fields.hpp"

using namespace drawbridge;
using namespace drawbridge::tunnel;

namespace {

std::vector<ControlMessage> one_of_each() {
  quic::Connection::RekeyHalf half{UINT32_MAX, {}};
  half.ephemeral.fill(7);
  PairRequest request{DeviceId{{1, 2, 3}}, "Zoë's laptop", {}};
  request.signature.fill(9);
  return {Offer{"Étude", {{{}, "files", "folder", 0}, {{}, "db", "tcp", 5432}}, {SocketAddress::v4(192, 0, 2, 1, 443)}},
          Rekey{half},
          RekeyAnswer{half},
          Revoked{"lost"},
          request,
          PairGrant{"Office", "Laptop", Bytes(512, 3)},
          PairDone{},
          Leave{},
          Hello{"Laptop"},
          Candidates{{SocketAddress::v4(192, 0, 2, 7, 9)}, {traversal::Mapping::predictable, traversal::Filtering::unknown, -2}},
          Incarnation{1 << 20, {7}, {8}},
          Punch{{7, traversal::PunchSource::counting, SocketAddress::v4(198, 51, 100, 2, 40'000), 1}, true},
          AuditHead{12, {1}, {1'800'000'000'000}, {2}}};
}

Bytes written(auto&& write) {
  Bytes bytes;
  msgpack::Writer writer(bytes);
  write(writer);
  return bytes;
}

bool reads(auto&& write) { return parse_control_message(written(write)).has_value(); }

Offer offer_of(size_t services, size_t addresses) {
  Offer offer{"Office", {}, {}};
  offer.services.resize(services, OfferedService{{}, "a", "tcp", 1});
  offer.addresses.resize(addresses, SocketAddress::v4(1, 2, 3, 4, 5));
  return offer;
}

}  // namespace

TEST_CASE("addresses that mean something inside one process only are refused from others") {
  for (const char* text : {"[100::1]:1", "[100:0:0:1::]:1"}) {
    CAPTURE(text);
    SocketAddress made_up = *parse_socket_address(text);
    CHECK_FALSE(parse_control_message(encode(Candidates{{made_up}, {}})));
    Offer offer = offer_of(0, 0);
    offer.addresses = {made_up};
    CHECK_FALSE(parse_control_message(encode(offer)));
  }
  CHECK(parse_control_message(encode(Candidates{{*parse_socket_address("[100:0:0:2::]:1")}, {}})));
}

TEST_CASE("every control message comes back as it was, in its one encoding") {
  for (const ControlMessage& message : one_of_each()) {
    Bytes bytes = encode(message);
    auto parsed = parse_control_message(bytes);
    REQUIRE(parsed);
    CHECK(parsed->index() == message.index());
    CHECK(encode(*parsed) == bytes);
  }
}

TEST_CASE("the fields of a control message arrive") {
  auto all = one_of_each();
  auto offer = std::get<Offer>(*parse_control_message(encode(all[0])));
  CHECK(offer.office_name == "Étude");
  REQUIRE(offer.services.size() == 2);
  CHECK(offer.services[1].name == "db");
  CHECK(offer.services[1].port == 5432);
  CHECK(offer.addresses == std::get<Offer>(all[0]).addresses);
  auto rekey = std::get<Rekey>(*parse_control_message(encode(all[1])));
  CHECK(rekey.half.generation == UINT32_MAX);
  CHECK(rekey.half.ephemeral == std::get<Rekey>(all[1]).half.ephemeral);
  auto request = std::get<PairRequest>(*parse_control_message(encode(all[4])));
  CHECK(request.device == std::get<PairRequest>(all[4]).device);
  CHECK(request.signature == std::get<PairRequest>(all[4]).signature);
}

TEST_CASE("a control message that is cut anywhere or goes on is refused") {
  for (const ControlMessage& message : one_of_each()) {
    Bytes bytes = encode(message);
    for (size_t length = 0; length < bytes.size(); ++length) CHECK_FALSE(parse_control_message(ByteView(bytes).first(length)));
    bytes.push_back(0xc0);
    CHECK_FALSE(parse_control_message(bytes));
  }
}

TEST_CASE("a control message with a field too many or too few is refused") {
  for (const ControlMessage& message : one_of_each()) {
    Bytes more = encode(message), fewer = more;
    ++more[0];
    more.push_back(0xc0);
    --fewer[0];
    CHECK_FALSE(parse_control_message(more));
    CHECK_FALSE(parse_control_message(fewer));
  }
}

TEST_CASE("unknown types are refused") {
  for (uint64_t type : {uint64_t{0}, uint64_t{11}, uint64_t{255}, UINT64_MAX}) {
    CHECK_FALSE(reads([&](auto& w) { w.array(1).uint(type); }));
    CHECK_FALSE(reads([&](auto& w) { w.array(2).uint(type).str("x"); }));
  }
}

TEST_CASE("names that nobody could read are refused") {
  for (const std::string& name : {std::string(), std::string("a\nb"), std::string("\x7f"), std::string("\xff"), std::string(limits::name_bytes + 1, 'x')}) {
    CAPTURE(name);
    CHECK_FALSE(parse_control_message(encode(Hello{name})));
    CHECK_FALSE(parse_control_message(encode(PairRequest{{}, name, {}})));
    CHECK_FALSE(parse_control_message(encode(PairGrant{name, "b", {}})));
    CHECK_FALSE(parse_control_message(encode(PairGrant{"a", name, {}})));
  }
  CHECK(parse_control_message(encode(Hello{std::string(limits::name_bytes, 'x')})));
}

TEST_CASE("an offer holds at most the agreed number of services and addresses") {
  CHECK(parse_control_message(encode(offer_of(limits::services, limits::candidates))));
  CHECK_FALSE(parse_control_message(encode(offer_of(limits::services + 1, 0))));
  CHECK_FALSE(parse_control_message(encode(offer_of(0, limits::candidates + 1))));
  CHECK(encode(offer_of(limits::services, limits::candidates)).size() <= limits::control_message_bytes);
}

TEST_CASE("an offered service has a proper name, a short kind and a port") {
  auto offer = [](const std::string& name, const std::string& kind, uint64_t port) {
    return reads([&](auto& w) { w.array(5).uint(1).str("Office").array(1).array(3).str(name).str(kind).uint(port).array(0).array(0); });
  };
  CHECK(offer("files", "folder", 65535));
  CHECK_FALSE(offer("Files", "folder", 1));
  CHECK_FALSE(offer("", "folder", 1));
  CHECK_FALSE(offer("files", std::string(17, 'k'), 1));
  CHECK_FALSE(offer("files", "folder", 65536));
}

TEST_CASE("keys, ids and signatures of another length are refused") {
  for (size_t length : {0, 31, 33}) {
    CHECK_FALSE(reads([&](auto& w) { w.array(3).uint(2).uint(1).bin(Bytes(length)); }));
    CHECK_FALSE(reads([&](auto& w) { w.array(4).uint(5).bin(Bytes(length)).str("x").bin(Bytes(64)); }));
  }
  CHECK_FALSE(reads([&](auto& w) { w.array(4).uint(5).bin(Bytes(32)).str("x").bin(Bytes(63)); }));
  CHECK_FALSE(reads([&](auto& w) { w.array(3).uint(2).uint(uint64_t{UINT32_MAX} + 1).bin(Bytes(32)); }));
  CHECK_FALSE(parse_control_message(encode(PairGrant{"a", "b", Bytes(513)})));
  CHECK_FALSE(parse_control_message(encode(Revoked{std::string(limits::text_bytes + 1, 'x')})));
}

TEST_CASE("candidates without the word about a network, and with a kind of network yet unknown, are read") {
  auto short_form = [](msgpack::Writer& writer) { writer.array(2).uint(10).array(0); };
  auto parsed = parse_control_message(written(short_form));
  REQUIRE(parsed);
  CHECK(std::get<Candidates>(*parsed).nat == traversal::NatBehaviour());
  auto later = [](msgpack::Writer& writer) { writer.array(3).uint(10).array(0).array(3).uint(200).uint(200).integer(0); };
  parsed = parse_control_message(written(later));
  REQUIRE(parsed);
  CHECK(std::get<Candidates>(*parsed).nat == traversal::NatBehaviour());
}

TEST_CASE("a step between ports that no router takes is refused, and so is a field too many") {
  auto step = [](int64_t delta) { return [delta](msgpack::Writer& writer) { writer.array(3).uint(10).array(0).array(3).uint(3).uint(0).integer(delta); }; };
  CHECK(reads(step(1)));
  CHECK_FALSE(reads(step(limits::port_step + 1)));
  CHECK_FALSE(reads(step(INT64_MIN)));
  CHECK_FALSE(reads([](msgpack::Writer& writer) { writer.array(2).uint(10).array(0).array(3).uint(3).uint(0).integer(1); }));
}

TEST_CASE("terms of a punch with a source or a step that cannot be are refused") {
  auto terms = [](uint64_t source, int64_t step) {
    return [=](msgpack::Writer& writer) { writer.array(6).uint(12).uint(1).uint(source).bin(roster::encode_address(SocketAddress::v4(192, 0, 2, 1, 9))).integer(step).boolean(false); };
  };
  CHECK(reads(terms(1, 0)));
  CHECK(reads(terms(2, -1)));
  CHECK(reads(terms(3, 0)));
  CHECK_FALSE(reads(terms(0, 0)));
  CHECK(reads(terms(4, 0)));
  CHECK_FALSE(reads(terms(5, 0)));
  CHECK_FALSE(reads(terms(4, 1)));
  CHECK_FALSE(reads(terms(1, 1)));
  CHECK_FALSE(reads(terms(2, 0)));
  CHECK_FALSE(reads(terms(2, limits::port_step + 1)));
  CHECK_FALSE(reads(terms(2, INT64_MIN)));
}
