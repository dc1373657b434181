#include "protocol/roster/incarnation.hpp"
#include "protocol/roster/records.hpp"

#include <catch2/catch.hpp>

#include "protocol/audit/audit_head.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/roster/record_fields.hpp"
#include "tests/unit/protocol/roster/version_1.hpp"

using namespace drawbridge;
using namespace drawbridge::roster;

namespace {

template <size_t N>
Secret<N> secret_of(uint8_t byte) {
  Secret<N> secret;
  std::fill(secret.reveal_mutable().begin(), secret.reveal_mutable().end(), byte);
  return secret;
}

Relation relation() {
  Relation r;
  r.key = {PeerRole::device, {{1, 2, 3}}};
  r.name = "Zoë's laptop";
  r.psk = secret_of<32>(7);
  r.paired_at = {1'800'000'000'000};
  r.grants = {{"*", {}}, {"files", WallTime{-5}}};
  r.counter = UINT64_MAX;
  r.peer_boot = 9;
  r.addresses = {SocketAddress::v4(192, 0, 2, 1, 443)};
  r.last_seen = WallTime{1};
  r.services = {{r.key, "db", "tcp", 5432}};
  r.certificate = Bytes(512, 5);
  r.refusal = "counter_behind";
  r.refusals = 3;
  r.revoked = true;
  return r;
}

Invitation invitation() {
  Invitation i;
  i.id = 77;
  i.name = "Laptop";
  i.secret = secret_of<32>(4);
  i.grants = relation().grants;
  i.expires_at = {5};
  i.seen = {1, UINT64_MAX};
  i.claimed_by.emplace().fill(6);
  i.pending = relation();
  return i;
}

Revocation revocation() { return {{{1, 2, 3}}, "Laptop", "lost", {1'800'000'000'000}, secret_of<16>(8)}; }

std::vector<Row> one_of_each() {
  return {to_row(relation()), to_row(revocation()), to_row(revocation_of(relation(), "lost", {1}, {}, {})), to_row(invitation()), to_row(ServiceDefinition{"db", "tcp", "127.0.0.1:5432", 5432}),
          to_row(NodeState{1, 2, 3, {4}}), to_row(OwnRelay{1, {"udp://relay.example#key", "wss://relay.example#key", "token"}}, relation().key.peer),
          to_row(OwnAddress{1, {"office.example", 7470}}), to_row(Instance{{1}, {2}, 3}), to_row(Incarnation{4, {5}, {6}}, relation().key.peer),
          audit::to_row({{7, {8}, {9}, {10}}, audit::Head{6, {11}, {9}, {10}}}, relation().key.peer),
          audit::to_row(audit::Checkpoint{7, {8}, {9}, {10}, {11}})};
}

bool parses(RowKind kind, ByteView value) {
  switch (kind) {
    case RowKind::node: return parse_node_state(value).has_value();
    case RowKind::relation: return parse_relation(value).has_value();
    case RowKind::invitation: return parse_invitation(value).has_value();
    case RowKind::service: return parse_service(value).has_value();
    case RowKind::revocation: return parse_revocation(value).has_value();
    case RowKind::relay: return parse_own_relay(value).has_value();
    case RowKind::address: return parse_own_address(value).has_value();
    case RowKind::instance: return parse_instance(value).has_value();
    case RowKind::incarnation: return parse_incarnation(value).has_value();
    case RowKind::audit_head: return audit::parse_kept_head(value).has_value();
    case RowKind::audit_checkpoint: return audit::parse_checkpoint(value).has_value();
    case RowKind::unreadable:
    case RowKind::audit: break;
  }
  return false;
}

}  // namespace

TEST_CASE("a revocation comes back with every field, and with those that are not known") {
  Relation ended = relation();
  auto parsed = parse_revocation(*to_row(revocation_of(ended, "lost", {7}, {}, WallTime{-5})).value);
  REQUIRE(parsed);
  CHECK(parsed->name == ended.name);
  CHECK(parsed->reason == "lost");
  CHECK(parsed->revoked_at == WallTime{7});
  CHECK(parsed->last_seen == WallTime{-5});
  CHECK(parsed->paired_at == ended.paired_at);
  CHECK(parsed->grants == ended.grants);
  auto unknown = parse_revocation(*to_row(revocation()).value);
  REQUIRE(unknown);
  CHECK_FALSE(unknown->last_seen);
  CHECK_FALSE(unknown->paired_at);
  CHECK_FALSE(unknown->grants);
}

TEST_CASE("a revocation of version 1 is read, with and without when the device was last seen") {
  Revocation seen = revocation();
  seen.last_seen = WallTime{-5};
  auto parsed = parse_revocation(*version_1_row(seen).value);
  REQUIRE(parsed);
  CHECK(parsed->last_seen == WallTime{-5});
  CHECK_FALSE(parsed->paired_at);
  auto old = parse_revocation(*version_1_row(revocation()).value);
  REQUIRE(old);
  CHECK_FALSE(old->last_seen);
  CHECK(old->reason == "lost");
  Bytes longer = *version_1_row(seen).value;
  ++longer[0];
  CHECK_FALSE(parse_revocation(longer));
  longer.push_back(0xc0);  // seven fields were never written
  CHECK_FALSE(parse_revocation(longer));
}

TEST_CASE("a relation comes back with every field") {
  auto parsed = parse_relation(*to_row(relation()).value);
  REQUIRE(parsed);
  CHECK(parsed->key == relation().key);
  CHECK(parsed->name == relation().name);
  CHECK(equal(parsed->psk.reveal(), relation().psk.reveal()));
  CHECK(parsed->grants == relation().grants);
  CHECK(parsed->counter == UINT64_MAX);
  CHECK(parsed->peer_boot == 9);
  CHECK(parsed->addresses == relation().addresses);
  CHECK(parsed->last_seen == relation().last_seen);
  REQUIRE(parsed->services.size() == 1);
  CHECK(parsed->services[0].office == relation().key);
  CHECK(parsed->services[0].port == 5432);
  CHECK(parsed->refusals == 3);
  CHECK(parsed->revoked);
  CHECK(to_row(*parsed).value == to_row(relation()).value);
}

TEST_CASE("an invitation comes back with who claimed it and with the pairing under way") {
  auto parsed = parse_invitation(*to_row(invitation()).value);
  REQUIRE(parsed);
  CHECK(parsed->seen == invitation().seen);
  CHECK(parsed->claimed_by == invitation().claimed_by);
  REQUIRE(parsed->pending);
  CHECK(parsed->pending->name == relation().name);
  CHECK(to_row(*parsed).value == to_row(invitation()).value);
  Invitation plain;
  auto again = parse_invitation(*to_row(plain).value);
  REQUIRE(again);
  CHECK_FALSE(again->claimed_by);
  CHECK_FALSE(again->pending);
}

TEST_CASE("an invitation whose pairing under way is damaged is refused, not read as one without") {
  Bytes value = *to_row(invitation()).value;
  size_t inner = to_row(relation()).value->size();
  value[value.size() - inner + 1] = 9;  // the relation's layout
  CHECK_FALSE(parse_invitation(value));
}

TEST_CASE("every record that is cut anywhere, goes on or has another layout is refused") {
  for (const Row& row : one_of_each()) {
    CAPTURE(int(row.kind));
    Bytes value = *row.value;
    REQUIRE(parses(row.kind, value));
    for (size_t length = 0; length < value.size(); ++length) CHECK_FALSE(parses(row.kind, ByteView(value).first(length)));
    Bytes longer = value, newer = value;
    longer.push_back(0);
    ++newer[1];
    CHECK_FALSE(parses(row.kind, longer));
    CHECK_FALSE(parses(row.kind, newer));
  }
}

TEST_CASE("a relation has a known role and bounded lists and texts") {
  auto accepted = [](auto&& change) {
    Relation r = relation();
    change(r);
    return parse_relation(*to_row(r).value).has_value();
  };
  CHECK_FALSE(accepted([](Relation& r) { r.key.role = PeerRole{0}; }));
  CHECK_FALSE(accepted([](Relation& r) { r.key.role = PeerRole{3}; }));
  CHECK(accepted([](Relation& r) { r.grants.resize(limits::grants_per_device, {"a", {}}); }));
  CHECK_FALSE(accepted([](Relation& r) { r.grants.resize(limits::grants_per_device + 1, {"a", {}}); }));
  CHECK_FALSE(accepted([](Relation& r) { r.addresses.resize(limits::candidates + 1); }));
  CHECK_FALSE(accepted([](Relation& r) { r.services.resize(limits::services + 1, {{}, "a", "b", 0}); }));
  CHECK_FALSE(accepted([](Relation& r) { r.name = std::string(limits::name_bytes + 1, 'x'); }));
  CHECK_FALSE(accepted([](Relation& r) { r.refusal = std::string(limits::text_bytes + 1, 'x'); }));
  CHECK_FALSE(accepted([](Relation& r) { r.certificate = Bytes(513); }));
}

TEST_CASE("the largest relation that is accepted fits its bound") {
  Relation r = relation();
  r.grants.assign(limits::grants_per_device, {std::string(limits::service_name_bytes, 'a'), WallTime{INT64_MAX}});
  r.addresses.resize(limits::candidates);
  r.services.assign(limits::services, {{}, std::string(limits::service_name_bytes, 'a'), std::string(16, 'k'), 65535});
  Bytes value = *to_row(r).value;
  CHECK(parse_relation(value));
  CHECK(value.size() <= limits::relation_bytes);
}

TEST_CASE("rows of different things have different keys, and dates sort") {
  Relation other = relation();
  other.key.role = PeerRole::office;
  CHECK(relation_key_bytes(other.key) != relation_key_bytes(relation().key));
  Revocation later = revocation();
  later.revoked_at.unix_ms += 1;
  CHECK(revocation_key_bytes(revocation()) < revocation_key_bytes(later));
  CHECK(to_hex(invitation_key_bytes(0x0102)) == "0000000000000102");
  CHECK_FALSE(deleted(RowKind::service, {1}).value);
}

TEST_CASE("a revoked relation keeps its name and no key") {
  Relation r = relation();
  r.revoked = false;
  forget_keys(r);
  CHECK(r.revoked);
  CHECK(r.name == relation().name);
  CHECK(equal(r.psk.reveal(), Secret32().reveal()));
}

TEST_CASE("a grant counts for its service or for all, until its date") {
  std::vector<Grant> grants{{"files", {}}, {"db", WallTime{1000}}};
  CHECK(is_granted(grants, "files", {INT64_MAX}));
  CHECK(is_granted(grants, "db", {999}));
  CHECK_FALSE(is_granted(grants, "db", {1000}));
  CHECK_FALSE(is_granted(grants, "wiki", {0}));
  CHECK_FALSE(is_granted({}, "files", {0}));
  CHECK(is_granted({{"*", WallTime{5}}}, "anything", {4}));
  CHECK_FALSE(is_granted({{"*", WallTime{5}}}, "anything", {5}));
}

TEST_CASE("a display name is 1 to 64 bytes of text without control characters") {
  CHECK(is_display_name("Zoë's laptop"));
  CHECK(is_display_name(std::string(limits::name_bytes, 'x')));
  for (const std::string& name : {std::string(), std::string(limits::name_bytes + 1, 'x'), std::string("a\tb"), std::string("a\0b", 3), std::string("\x7f"), std::string("\xc3")}) {
    CHECK_FALSE(is_display_name(name));
  }
}

TEST_CASE("addresses take 18 bytes and come back, whatever their family") {
  SocketAddress v6{{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 65535};
  for (const SocketAddress& address : {SocketAddress::v4(192, 0, 2, 1, 443), v6, SocketAddress{}}) {
    CHECK(encode_address(address).size() == address_size);
    CHECK(decode_address(encode_address(address)) == address);
  }
  CHECK(decode_address(Bytes(17, 1)) == SocketAddress{});
}
