#include "daemon/storage/row_store.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "protocol/audit/audit_record.hpp"
#include "protocol/roster/records.hpp"
#include "tests/unit/daemon/temporary_folder.hpp"

using namespace drawbridge;

namespace {

Row put(RowKind kind, std::string_view key, std::string_view value) {
  return {kind, to_bytes(as_bytes(key)), to_bytes(as_bytes(value))};
}
Row remove(RowKind kind, std::string_view key) {
  return {kind, to_bytes(as_bytes(key)), std::nullopt};
}
Row audit_row(uint8_t number) {
  return {RowKind::audit, {0, 0, 0, 0, 0, 0, 0, number}, Bytes{number}};
}

RowStore open(const TemporaryFolder& folder) {
  return RowStore::open(folder.file("state.db"), {}).take();
}

std::vector<std::string> texts(const std::vector<Row>& rows) {
  std::vector<std::string> out;
  for (const Row& row : rows) out.push_back(to_string(row.key) + "=" + to_string(*row.value));
  std::sort(out.begin(), out.end());
  return out;
}

// The office of tests/state_version_1, in `folder`; `more` is SQL.
void make_version_1(const TemporaryFolder& folder, const std::string& more = {}) {
  std::ifstream file(DRAWBRIDGE_SOURCE_DIR "/tests/state_version_1/office.sql");
  std::stringstream sql;
  sql << file.rdbuf() << more;
  REQUIRE(Database::open(folder.file("state.db"))->run(sql.str().c_str()));
}

int64_t number(const TemporaryFolder& folder, const char* query) {
  auto database = Database::open(folder.file("state.db")).take();
  Statement statement(database, query);
  REQUIRE(statement.step() == SQLITE_ROW);
  return statement.integer(0);
}

int64_t version(const TemporaryFolder& folder) { return number(folder, "PRAGMA user_version"); }

roster::Revocation the_revocation(RowStore& store) {
  auto rows = store.load().take();
  auto row = std::find_if(rows.begin(), rows.end(), [](const Row& one) { return one.kind == RowKind::revocation; });
  REQUIRE(row != rows.end());
  return *roster::parse_revocation(*row->value);
}

}  // namespace

TEST_CASE("rows written are read back by the next start, replaced and deleted ones as they were left") {
  TemporaryFolder folder;
  {
    RowStore store = open(folder);
    REQUIRE(store.write({{1, {put(RowKind::relation, "ann", "1"), put(RowKind::relation, "bob", "1")}}}));
    REQUIRE(store.write(
        {{2, {put(RowKind::relation, "ann", "2"), remove(RowKind::relation, "bob"), put(RowKind::node, "", "n")}}}));
  }
  CHECK(texts(open(folder).load().take()) == std::vector<std::string>{"=n", "ann=2"});
}

TEST_CASE("a process killed right after write() returned has lost nothing") {
  TemporaryFolder folder;
  pid_t child = fork();
  if (child == 0) {
    RowStore store = open(folder);
    bool written = store.write({{1, {put(RowKind::revocation, "eve", "gone")}}}).ok();
    if (written) kill(getpid(), SIGKILL);
    _exit(1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  CHECK(texts(open(folder).load().take()) == std::vector<std::string>{"eve=gone"});
}

TEST_CASE("of batches written together none is kept when one row is refused") {
  TemporaryFolder folder;
  { open(folder); }
  {
    // A trigger stands in for a disk that fills up in the middle of a transaction.
    auto database = Database::open(folder.file("state.db")).take();
    REQUIRE(
        database.run("CREATE TRIGGER full BEFORE INSERT ON rows WHEN NEW.key = CAST('last' AS BLOB) "
                     "BEGIN SELECT RAISE(ABORT, 'disk is full'); END;"));
  }
  RowStore store = open(folder);
  auto written = store.write({{1, {put(RowKind::service, "first", "1")}}, {2, {put(RowKind::service, "last", "1")}}});
  REQUIRE_FALSE(written.ok());
  CHECK(written.error().message.find("disk is full") != std::string::npos);
  CHECK(store.load()->empty());
  CHECK(store.write({{3, {put(RowKind::service, "next", "1")}}}).ok());
}

TEST_CASE("only the newest audit record is loaded at start, the others on demand and in order") {
  TemporaryFolder folder;
  RowStore store = open(folder);
  REQUIRE(store.write({{1, {audit_row(1), audit_row(2), audit_row(3), put(RowKind::node, "", "n")}}}));
  auto rows = store.load().take();
  REQUIRE(rows.size() == 2);
  CHECK(std::count_if(rows.begin(), rows.end(),
                      [](const Row& row) { return row.kind == RowKind::audit && row.key[7] == 3; }) == 1);

  auto records = store.load_audit(1, UINT64_MAX, 2).take();
  REQUIRE(records.size() == 2);
  CHECK(records[0].key[7] == 1);
  CHECK(records[1].key[7] == 2);
  CHECK(store.load_audit(3, 3, 10)->size() == 1);
  CHECK(store.load_all()->size() == 4);
}

TEST_CASE("all rows of a kind up to a key are deleted together, in the transaction of what takes their place") {
  TemporaryFolder folder;
  Row until_two{RowKind::audit, audit_row(2).key, std::nullopt, true};
  {
    RowStore store = open(folder);
    REQUIRE(store.write({{1, {audit_row(1), audit_row(2), audit_row(3), put(RowKind::node, "", "n")}}}));
    REQUIRE(store.write({{2, {until_two, put(RowKind::audit_checkpoint, "", "c")}}}));
  }
  RowStore store = open(folder);
  CHECK(texts(store.load().take()) == std::vector<std::string>{to_string(audit_row(3).key) + "=\3", "=c", "=n"});
  CHECK(store.value_of(RowKind::audit_checkpoint, {}).take() == to_bytes(as_bytes("c")));
  CHECK_FALSE(store.value_of(RowKind::invitation, {}).take());
}

TEST_CASE("a file of a newer version is refused with a sentence, and left as it is") {
  TemporaryFolder folder;
  { open(folder); }
  int64_t next = version(folder) + 1;
  REQUIRE(Database::open(folder.file("state.db"))->run(("PRAGMA user_version=" + std::to_string(next)).c_str()));
  auto store = RowStore::open(folder.file("state.db"), {});
  REQUIRE_FALSE(store.ok());
  CHECK(store.error().code == ErrorCode::state);
  CHECK(store.error().message.find("newer version") != std::string::npos);
  CHECK(store.error().remedy.find("backup") != std::string::npos);
  CHECK(version(folder) == next);
}

TEST_CASE("a state of version 1 is brought to version 2, with dates from its trail and a record of it") {
  TemporaryFolder folder;
  make_version_1(folder);
  int64_t rows_before = number(folder, "SELECT count(*) FROM rows");
  {
    RowStore store = RowStore::open(folder.file("state.db"), {1'900'000'000'000}).take();
    CHECK(store.upgraded() == "state 1 to 2: dates completed of 1 of 1 revocations");
    roster::Revocation phone = the_revocation(store);
    CHECK(phone.reason == "lost on a train");
    REQUIRE(phone.paired_at);
    CHECK(*phone.paired_at < phone.last_seen);
    CHECK(phone.last_seen <= phone.revoked_at);
    audit::ChainVerifier verifier;
    auto records = store.load_audit(1, UINT64_MAX, 100).take();
    for (const Row& row : records) CHECK(verifier.add(verifier.sequence() + 1, *row.value));
    CHECK(records.size() == 11);
    auto last = audit::parse(*records.back().value);
    CHECK(last->record.type == audit::RecordType::upgraded);
    CHECK(last->record.time == WallTime{1'900'000'000'000});
    auto node = roster::parse_node_state(*store.value_of(RowKind::node, {}).take());
    CHECK(node->audit_hash == verifier.head());
  }
  CHECK(version(folder) == 2);
  CHECK(number(folder, "SELECT count(*) FROM rows") == rows_before + 1);
  RowStore again = open(folder);
  CHECK_FALSE(again.upgraded());
  CHECK(again.load_audit(1, UINT64_MAX, 100)->size() == 11);
}

TEST_CASE("an upgrade that the disk refuses leaves the state of the earlier version, and is made by a later start") {
  TemporaryFolder folder;
  // Stands in for a disk that fills up at the upgrade's last row.
  make_version_1(folder, "CREATE TRIGGER full BEFORE INSERT ON rows WHEN NEW.kind = 1 BEGIN SELECT RAISE(ABORT, 'disk is full'); END;");
  auto store = RowStore::open(folder.file("state.db"), {});
  REQUIRE_FALSE(store.ok());
  CHECK(store.error().message.find("disk is full") != std::string::npos);
  CHECK(version(folder) == 1);
  CHECK(number(folder, "SELECT count(*) FROM rows WHERE kind=6") == 10);
  REQUIRE(Database::open(folder.file("state.db"))->run("DROP TRIGGER full"));
  CHECK(RowStore::open(folder.file("state.db"), {})->upgraded());
  CHECK(version(folder) == 2);
}

TEST_CASE("a state whose own row cannot be read is not upgraded: it will not start") {
  TemporaryFolder folder;
  make_version_1(folder, "UPDATE rows SET value=x'9301' WHERE kind=1;");
  CHECK_FALSE(RowStore::open(folder.file("state.db"), {})->upgraded());
  CHECK(version(folder) == 1);
  CHECK(number(folder, "SELECT count(*) FROM rows WHERE kind=6") == 10);
}

TEST_CASE("a file that is no database is refused, not overwritten") {
  TemporaryFolder folder;
  std::string path = folder.file("state.db");
  FILE* file = fopen(path.c_str(), "w");
  fputs(std::string(4096, 'x').c_str(), file);
  fclose(file);
  CHECK(RowStore::open(path, {}).error().code == ErrorCode::io);
  CHECK(std::filesystem::file_size(path) == 4096);
}

TEST_CASE("settings are kept beside the rows") {
  TemporaryFolder folder;
  {
    RowStore store = open(folder);
    CHECK(store.settings()->empty());
    REQUIRE(store.set_setting("forward/db", "127.83.1.2:5432"));
  }
  RowStore store = open(folder);
  CHECK(store.settings()->at("forward/db") == "127.83.1.2:5432");
  CHECK(store.load()->empty());
}
