#include "daemon/storage/row_store.hpp"

#include <algorithm>
#include <array>

#include "protocol/upgrade.hpp"

namespace drawbridge {
namespace {

// Version 1, and the tables of all versions since. Never changed: a later version alters them in a step of its own.
constexpr const char* first_tables =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE rows(kind INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY(kind, key)) WITHOUT "
    "ROWID;"
    "CREATE TABLE settings(key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID;"
    "PRAGMA user_version=1;COMMIT;";
constexpr int64_t newest_version = 2;

constexpr int64_t audit_kind = static_cast<int64_t>(RowKind::audit);

int64_t version_of(Database& database) {
  Statement statement(database, "PRAGMA user_version");
  return statement.step() == SQLITE_ROW ? statement.integer(0) : -1;
}

// Gives the version of what is there, at least 1.
Result<int64_t> prepare(Database& database, const std::string& path) {
  // One process only has this file open (see StateDirectory), so the shared-memory index is not needed. The cache is
  // small because rows are read once, at start.
  auto ready = database.run(
      "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-256;");
  if (!ready) return ready.error();
  int64_t version = version_of(database);
  if (version < 0) return database.error("Cannot read " + path);
  if (version <= newest_version && version > 0) return version;
  if (version == 0) {
    auto made = database.run(first_tables);
    return made ? Result<int64_t>(1) : made.error();
  }
  return Error{ErrorCode::state, path + " was written by a newer version of Drawbridge.",
               "Install that version again. To go back, put this folder aside and bring a backup of the older version "
               "back: drawbridge init --restore, drawbridge restore FILE"};
}

std::array<uint8_t, 8> big_endian(uint64_t number) {
  std::array<uint8_t, 8> bytes{};
  for (int i = 7; i >= 0; --i, number >>= 8) bytes[static_cast<size_t>(i)] = static_cast<uint8_t>(number);
  return bytes;
}

}  // namespace

Result<RowStore> RowStore::open(const std::string& path, WallTime now, DiskReserve reserve) {
  auto database = Database::open(path);
  if (!database) return database.error();
  auto version = prepare(*database, path);
  if (!version) return version.error();
  RowStore store(database.take(), std::move(reserve));
  if (auto done = store.upgrade_from(*version, now); !done) return done.error();
  return store;
}

// No copy of the old file is left: what takes its place is written whole or not at all, and a copy would keep the keys of
// devices that are revoked later.
Result<void> RowStore::upgrade_from(int64_t version, WallTime now) {
  if (version == newest_version) return {};
  UpgradeTo2 upgrade;
  Statement all(database_, "SELECT kind, key, value FROM rows ORDER BY kind, key");
  int code = all.step();
  for (; code == SQLITE_ROW; code = all.step()) {
    upgrade.handle_row(static_cast<RowKind>(all.integer(0)), all.bytes(1), all.bytes(2));
  }
  if (code != SQLITE_DONE) return database_.error("The state could not be read");
  auto rows = upgrade.rows(now);
  if (!rows) return {};
  if (!rows->empty()) upgraded_ = upgrade.words();
  return write({{0, std::move(*rows), Urgency::vital}}, "PRAGMA user_version=2;COMMIT");
}

RowStore::RowStore(Database database, DiskReserve reserve)
    : database_(std::move(database)),
      reserve_(std::move(reserve)),
      put_(database_, "INSERT OR REPLACE INTO rows(kind, key, value) VALUES(?1, ?2, ?3)"),
      remove_(database_, "DELETE FROM rows WHERE kind=?1 AND key=?2"),
      remove_all_before_(database_, "DELETE FROM rows WHERE kind=?1 AND key<=?2"),
      put_setting_(database_, "INSERT OR REPLACE INTO settings(key, value) VALUES(?1, ?2)") {}

Result<std::vector<Row>> RowStore::rows_of(Statement& statement, const char* what) {
  std::vector<Row> rows;
  int code = statement.step();
  for (; code == SQLITE_ROW; code = statement.step()) {
    rows.push_back({static_cast<RowKind>(statement.integer(0)), statement.bytes(1), statement.bytes(2)});
  }
  if (code != SQLITE_DONE) return database_.error(what);
  return rows;
}

Result<std::vector<Row>> RowStore::load() {
  Statement statement(database_,
                      "SELECT kind, key, value FROM rows WHERE kind<>?1 UNION ALL SELECT * FROM "
                      "(SELECT kind, key, value FROM rows WHERE kind=?1 ORDER BY key DESC LIMIT 1)");
  return rows_of(statement.bind(1, audit_kind), "The state could not be read");
}

Result<std::vector<Row>> RowStore::load_audit(uint64_t first, uint64_t last, size_t max) {
  Statement statement(
      database_, "SELECT kind, key, value FROM rows WHERE kind=?1 AND key BETWEEN ?2 AND ?3 ORDER BY key LIMIT ?4");
  auto from = big_endian(first), to = big_endian(last);
  statement.bind(1, audit_kind).bind(2, ByteView(from)).bind(3, ByteView(to)).bind(4, static_cast<int64_t>(max));
  return rows_of(statement, "The audit log could not be read");
}

Result<std::optional<Bytes>> RowStore::value_of(RowKind kind, ByteView key) {
  Statement statement(database_, "SELECT value FROM rows WHERE kind=?1 AND key=?2");
  int code = statement.bind(1, static_cast<int64_t>(kind)).bind(2, key).step();
  if (code == SQLITE_ROW) return std::optional(statement.bytes(0));
  if (code == SQLITE_DONE) return std::optional<Bytes>();
  return database_.error("The state could not be read");
}

Result<std::vector<Row>> RowStore::load_all() {
  Statement statement(database_, "SELECT kind, key, value FROM rows");
  return rows_of(statement, "The state could not be read");
}

Result<void> RowStore::write(const std::vector<PersistBatch>& batches) { return write(batches, "COMMIT"); }

Result<void> RowStore::write(const std::vector<PersistBatch>& batches, const std::string& closing) {
  Urgency urgency = Urgency::ordinary;
  for (const PersistBatch& batch : batches) urgency = std::max(urgency, batch.urgency);
  auto written = write_once(batches, closing);
  while (!written && disk_full_ && reserve_.release_piece(urgency)) written = write_once(batches, closing);
  return written;
}

Result<void> RowStore::write_once(const std::vector<PersistBatch>& batches, const std::string& closing) {
  if (auto begun = database_.run("BEGIN IMMEDIATE"); !begun) return take_back(begun);
  for (const PersistBatch& batch : batches) {
    for (const Row& row : batch.rows) {
      if (auto applied = apply(row); !applied) return take_back(applied);
    }
  }
  auto committed = database_.run(closing.c_str());
  return committed ? committed : take_back(committed);
}

Result<void> RowStore::take_back(Result<void> failure) {
  disk_full_ = database_.disk_full();
  (void)database_.run("ROLLBACK");
  return failure;
}

Result<void> RowStore::apply(const Row& row) {
  Statement& statement = row.value ? put_ : row.and_all_before ? remove_all_before_ : remove_;
  statement.bind(1, static_cast<int64_t>(row.kind)).bind(2, ByteView(row.key));
  if (row.value) statement.bind(3, ByteView(*row.value));
  if (statement.step() == SQLITE_DONE) return {};
  return database_.error("The state could not be written");
}

Result<std::map<std::string, std::string>> RowStore::settings() {
  Statement statement(database_, "SELECT key, value FROM settings");
  std::map<std::string, std::string> all;
  int code = statement.step();
  for (; code == SQLITE_ROW; code = statement.step()) all[statement.text(0)] = statement.text(1);
  if (code != SQLITE_DONE) return database_.error("The state could not be read");
  return all;
}

Result<void> RowStore::set_setting(const std::string& key, const std::string& value) {
  put_setting_.bind(1, std::string_view(key)).bind(2, std::string_view(value));
  if (put_setting_.step() == SQLITE_DONE) return {};
  return database_.error("The state could not be written");
}

}  // namespace drawbridge
