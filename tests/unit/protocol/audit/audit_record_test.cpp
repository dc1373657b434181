#include <catch2/catch.hpp>

#include <set>

#include "protocol/audit/audit_record.hpp"

using namespace drawbridge;
using namespace drawbridge::audit;

namespace {

struct Chain {
  explicit Chain(size_t count) {
    ChainHash head{};
    for (uint64_t i = 1; i <= count; ++i) {
      Record record{.sequence = i, .time = {1000}, .type = RecordType::flow_closed, .device = DeviceId{}, .device_name = "Laptop",
                    .service = "files", .detail = "", .sent = i, .received = 2};
      Link link = encode(record, head);
      head = link.hash;
      records.push_back(link.bytes);
    }
  }
  std::string fault() const {
    ChainVerifier verifier;
    for (size_t i = 0; i < records.size(); ++i) {
      if (!verifier.add(numbers.empty() ? i + 1 : numbers[i], records[i])) break;
    }
    return verifier.error();
  }
  std::vector<Bytes> records;
  std::vector<uint64_t> numbers;
};

}  // namespace

TEST_CASE("an untouched chain verifies") { CHECK(Chain(20).fault().empty()); }

TEST_CASE("a record survives encoding with every field") {
  Record record{.sequence = 7, .time = {123456}, .type = RecordType::refused, .device = DeviceId{}, .device_name = "Zoë", .service = "files",
                .detail = "rate", .sent = 1, .received = UINT64_MAX};
  auto parsed = parse(encode(record, {}).bytes);
  REQUIRE(parsed);
  CHECK(parsed->record.device_name == "Zoë");
  CHECK(parsed->record.received == UINT64_MAX);
  CHECK(parsed->record.type == RecordType::refused);
}

TEST_CASE("a changed, missing, swapped or damaged record is named") {
  Chain chain(10);
  SECTION("changed, with its own hash made to fit") {
    auto parsed = parse(chain.records[4]);
    parsed->record.sent = 999;
    chain.records[4] = encode(parsed->record, parsed->previous).bytes;
    CHECK(chain.fault() == "a record before record 6 was changed");
  }
  SECTION("missing") {
    chain.records.erase(chain.records.begin() + 3);
    chain.numbers = {1, 2, 3, 5, 6, 7, 8, 9, 10};
    CHECK(chain.fault() == "a record is missing before record 5");
  }
  SECTION("swapped") {
    std::swap(chain.records[2], chain.records[3]);
    CHECK(!chain.fault().empty());
  }
  SECTION("damaged") {
    chain.records[6].pop_back();
    CHECK(chain.fault() == "record 7 is damaged");
  }
}

TEST_CASE("whichever record of a chain is changed, the first one that no longer fits is named") {
  for (size_t changed = 1; changed <= 10; ++changed) {
    Chain chain(10);
    auto parsed = parse(chain.records[changed - 1]);
    parsed->record.device_name = "Other";
    chain.records[changed - 1] = encode(parsed->record, parsed->previous).bytes;
    CAPTURE(changed);
    // The last record is held by the head that the node keeps beside the chain.
    CHECK(chain.fault() == (changed == 10 ? "" : "a record before record " + std::to_string(changed + 1) + " was changed"));
  }
}

TEST_CASE("any flipped bit of a record is found at it or at the next one") {
  Chain chain(3);
  for (size_t i = 0; i < chain.records[1].size() * 8; ++i) {
    Chain damaged = chain;
    damaged.records[1][i / 8] ^= static_cast<uint8_t>(1 << i % 8);
    std::string fault = damaged.fault();
    CAPTURE(i, fault);
    CHECK((fault == "record 2 is damaged" || fault == "a record is missing before record 2" || fault == "a record before record 2 was changed" ||
           fault == "a record before record 3 was changed"));
  }
}

TEST_CASE("a verifier that found a fault says so for good, and its head stays at the last good record") {
  Chain chain(4);
  ChainVerifier verifier;
  CHECK(verifier.add(1, chain.records[0]));
  auto head = verifier.head();
  CHECK_FALSE(verifier.add(3, chain.records[2]));
  CHECK_FALSE(verifier.add(2, chain.records[1]));
  CHECK(verifier.sequence() == 1);
  CHECK(verifier.head() == head);
  CHECK(verifier.error() == "a record is missing before record 3");
}

TEST_CASE("a detail that is too long is cut between two characters, so that the chain can still be read") {
  for (size_t lead : {0, 1}) {
    std::string detail(lead, 'x');
    while (detail.size() < 400) detail += "é";
    auto parsed = parse(encode({.sequence = 1, .type = RecordType::revoked, .detail = detail}, {}).bytes);
    REQUIRE(parsed);
    CHECK(parsed->record.detail.size() == 256 - lead);
    CHECK(detail.starts_with(parsed->record.detail));
  }
}

TEST_CASE("the longest record fits its bound, and every type has a name of its own") {
  Record record{.sequence = UINT64_MAX, .time = {INT64_MIN}, .type = RecordType::refused, .device = DeviceId{}, .device_name = std::string(64, 'x'),
                .service = std::string(32, 'x'), .detail = std::string(256, 'x'), .sent = UINT64_MAX, .received = UINT64_MAX};
  CHECK(encode(record, {}).bytes.size() <= 2'048);
  std::set<std::string> names;
  for (int type = 1; type <= int(RecordType::restored); ++type) names.insert(type_name(static_cast<RecordType>(type)));
  CHECK(names.size() == size_t(RecordType::restored));
  CHECK_FALSE(names.contains("unknown"));
  CHECK(std::string(type_name(static_cast<RecordType>(200))) == "unknown");
}
