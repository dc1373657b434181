#include <catch2/catch.hpp>

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
