#include "daemon/storage/write_queue.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/daemon/run_until.hpp"
#include "tests/unit/daemon/temporary_folder.hpp"

using namespace drawbridge;

namespace {

PersistBatch batch(uint64_t ticket) {
  std::string text = std::to_string(ticket);
  return {ticket, {{RowKind::service, to_bytes(as_bytes(text)), to_bytes(as_bytes(text))}}};
}

}  // namespace

TEST_CASE("every batch is acknowledged once, in order, and only when it is on disk") {
  TemporaryFolder folder;
  RowStore store = RowStore::open(folder.file("state.db"), {}).take();
  Loop loop;
  std::vector<uint64_t> done;
  WriteQueue queue(loop, store, [&](uint64_t ticket, const Result<void>& result) {
    CHECK(result.ok());
    done.push_back(ticket);
  });
  for (uint64_t ticket = 1; ticket <= 20; ++ticket) queue.write(batch(ticket));
  CHECK(done.empty());
  REQUIRE(run_until(loop, [&] { return queue.idle(); }));
  REQUIRE(done.size() == 20);
  for (uint64_t ticket = 1; ticket <= 20; ++ticket) CHECK(done[ticket - 1] == ticket);
  CHECK(store.load()->size() == 20);
}

TEST_CASE("a question sees every batch that was queued before it") {
  TemporaryFolder folder;
  RowStore store = RowStore::open(folder.file("state.db"), {}).take();
  Loop loop;
  WriteQueue queue(loop, store, [](uint64_t, const Result<void>&) {});
  size_t seen = 0;
  bool answered = false;
  queue.write(batch(1));
  queue.write(batch(2));
  queue.ask([&](RowStore& asked) { seen = asked.load()->size(); }, [&] { answered = true; });
  REQUIRE(run_until(loop, [&] { return answered; }));
  CHECK(seen == 2);
}

TEST_CASE("a queue that ends writes what it still holds") {
  TemporaryFolder folder;
  RowStore store = RowStore::open(folder.file("state.db"), {}).take();
  Loop loop;
  {
    WriteQueue queue(loop, store, [](uint64_t, const Result<void>&) { FAIL("nobody is told any more"); });
    queue.write(batch(1));
    queue.write(batch(2));
  }
  CHECK(store.load()->size() == 2);
}
