#include "protocol/journal.hpp"

#include <catch2/catch.hpp>

#include "protocol/base/limits.hpp"

using namespace drawbridge;

namespace {

constexpr Instant noon{Duration(std::chrono::hours(12))};
constexpr Now now{noon, {}};

Row row(uint8_t key, uint8_t value = 0) { return {RowKind::service, {key}, Bytes{value}}; }

}  // namespace

TEST_CASE("what is put together becomes one batch, in its order") {
  Journal journal;
  CHECK(journal.idle());
  CHECK_FALSE(journal.poll());
  journal.put(row(2));
  journal.put(row(1));
  auto batch = journal.poll();
  REQUIRE(batch);
  REQUIRE(batch->rows.size() == 2);
  CHECK(batch->rows[0].key == Bytes{2});
  CHECK(batch->rows[1].key == Bytes{1});
  CHECK_FALSE(journal.idle());
}

TEST_CASE("within a batch a later row of the same key replaces the earlier, at its place") {
  Journal journal;
  journal.put(row(1, 1));
  journal.put(row(2, 1));
  journal.put(row(1, 2));
  journal.put({RowKind::relation, {1}, Bytes{9}});
  auto batch = journal.poll();
  REQUIRE(batch);
  REQUIRE(batch->rows.size() == 3);
  CHECK(batch->rows[0].value == Bytes{2});
  CHECK(batch->rows[2].kind == RowKind::relation);
}

TEST_CASE("a batch that takes access away is vital, until it is durable; those after it are not") {
  Journal journal;
  journal.put(row(1));
  CHECK(journal.poll()->urgency == Urgency::ordinary);
  journal.put(row(2));
  journal.hold(Urgency::vital);
  journal.hold(Urgency::admission);
  journal.handle_persisted(now, 1);
  auto vital = journal.poll();
  REQUIRE(vital);
  CHECK(vital->urgency == Urgency::vital);
  journal.handle_refused(now, vital->ticket, {});
  journal.put(row(3));
  auto again = journal.poll();
  CHECK(again->urgency == Urgency::vital);
  journal.handle_persisted(now, again->ticket);
  journal.put(row(4));
  CHECK(journal.poll()->urgency == Urgency::ordinary);
}

TEST_CASE("a deletion after a row of the same batch wins") {
  Journal journal;
  journal.put(row(1));
  journal.put({RowKind::service, {1}, std::nullopt});
  CHECK_FALSE(journal.poll()->rows.at(0).value);
}

TEST_CASE("one batch is under way at a time; what comes meanwhile goes into the next") {
  Journal journal;
  journal.put(row(1));
  auto first = journal.poll();
  journal.put(row(2));
  journal.put(row(3));
  CHECK_FALSE(journal.poll());
  journal.handle_persisted(now, first->ticket);
  auto second = journal.poll();
  REQUIRE(second);
  CHECK(second->ticket != first->ticket);
  CHECK(second->rows.size() == 2);
  journal.handle_persisted(now, second->ticket);
  CHECK(journal.idle());
}

TEST_CASE("an action runs once, when everything put before it is durable") {
  Journal journal;
  int first = 0, second = 0;
  journal.put(row(1));
  journal.then([&](Now, const std::optional<Error>& error) { first += !error; });
  auto batch = journal.poll();
  journal.put(row(2));
  journal.then([&](Now, const std::optional<Error>&) { ++second; });
  CHECK(first == 0);
  journal.handle_persisted(now, batch->ticket);
  CHECK(first == 1);
  CHECK(second == 0);
  journal.handle_persisted(now, batch->ticket);
  CHECK(first == 1);
  journal.handle_persisted(now, journal.poll()->ticket);
  CHECK(second == 1);
}

TEST_CASE("an action without rows of its own still waits for a sync") {
  Journal journal;
  bool ran = false;
  journal.then([&](Now, const std::optional<Error>&) { ran = true; });
  auto batch = journal.poll();
  REQUIRE(batch);
  CHECK_FALSE(ran);
  journal.handle_persisted(now, batch->ticket);
  CHECK(ran);
}

TEST_CASE("a refused batch's actions learn why, the newest first, and may put rows back as they were") {
  Journal journal;
  std::vector<std::string> heard;
  journal.put(row(1));
  journal.then([&](Now, const std::optional<Error>& error) {
    heard.push_back("first " + error->message);
    journal.put(row(1, 7));
  });
  auto batch = journal.poll();
  journal.put(row(2));
  journal.then([&](Now, const std::optional<Error>& error) { heard.push_back("second " + error->message); });
  journal.handle_refused(now, batch->ticket, Error{ErrorCode::io, "full", ""});
  CHECK(heard == std::vector<std::string>{"second full", "first full"});
  CHECK_FALSE(journal.poll());
  CHECK(journal.next_timeout() == noon + limits::refused_write_retry);
  journal.handle_timeout(journal.next_timeout());
  auto again = journal.poll();
  REQUIRE(again);
  REQUIRE(again->rows.size() == 2);
  CHECK(again->rows[0].value == Bytes{7});
  CHECK(again->rows[1].key == Bytes{2});
}

TEST_CASE("rows that the disk refused do not replace newer ones of the same key") {
  Journal journal;
  journal.put(row(1, 1));
  auto batch = journal.poll();
  journal.put(row(1, 2));
  journal.handle_refused(now, batch->ticket, Error{ErrorCode::io, "full", ""});
  journal.handle_timeout(journal.next_timeout());
  auto again = journal.poll();
  REQUIRE(again->rows.size() == 1);
  CHECK(again->rows[0].value == Bytes{2});
}

TEST_CASE("what waits for the disk however long it takes runs after the batch that gets through, once") {
  Journal journal;
  int ran = 0;
  journal.put(row(1));
  journal.when_durable([&](Now) { ++ran; });
  journal.handle_refused(now, journal.poll()->ticket, Error{ErrorCode::io, "full", ""});
  CHECK(ran == 0);
  journal.handle_timeout(journal.next_timeout());
  journal.handle_persisted(now, journal.poll()->ticket);
  CHECK(ran == 1);
  CHECK(journal.idle());
}

TEST_CASE("a journal is full when too much waits for a disk that refuses") {
  Journal journal;
  for (uint32_t i = 0; i < limits::unsaved_rows; ++i) {
    CHECK_FALSE(journal.full());
    journal.put({RowKind::audit, {uint8_t(i >> 16), uint8_t(i >> 8), uint8_t(i)}, Bytes{}});
  }
  CHECK(journal.full());
}

TEST_CASE("a ticket that is not under way is ignored") {
  Journal journal;
  journal.put(row(1));
  auto batch = journal.poll();
  journal.handle_persisted(now, batch->ticket + 1);
  CHECK_FALSE(journal.idle());
}

TEST_CASE("lazy rows wait for their moment, counted from the first of them") {
  Journal journal;
  journal.put_lazily(row(1), noon);
  journal.put_lazily(row(2), noon + limits::lazy_write / 2);
  CHECK_FALSE(journal.poll());
  CHECK(journal.next_timeout() == noon + limits::lazy_write);
  journal.handle_timeout(noon + limits::lazy_write - 1ns);
  CHECK_FALSE(journal.poll());
  journal.handle_timeout(noon + limits::lazy_write);
  CHECK(journal.next_timeout() == far_future);
  auto batch = journal.poll();
  REQUIRE(batch);
  CHECK(batch->rows.size() == 2);
}

TEST_CASE("lazy rows go along with one that does not wait") {
  Journal journal;
  journal.put_lazily(row(1), noon);
  journal.put(row(2));
  CHECK(journal.poll()->rows.size() == 2);
  CHECK(journal.next_timeout() == far_future);
}
