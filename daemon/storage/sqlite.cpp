#include "daemon/storage/sqlite.hpp"

#include <cerrno>

namespace drawbridge {

Result<Database> Database::open(const std::string& path) {
  sqlite3* handle = nullptr;
  int code = sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW,
                             nullptr);
  Database database(handle);
  if (code != SQLITE_OK) return database.error("Cannot open " + path);
  sqlite3_busy_timeout(handle, 5'000);  // a backup program may hold the file for a moment
  return database;
}

Result<void> Database::run(const char* sql) {
  if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return error("The state could not be written");
}

bool Database::disk_full() const {
  int code = sqlite3_errcode(handle_.get()) & 0xff;
  int system = sqlite3_system_errno(handle_.get());
  return code == SQLITE_FULL || (code == SQLITE_IOERR && (system == ENOSPC || system == EDQUOT));
}

Error Database::error(const std::string& what) const {
  return {ErrorCode::io, what + ": " + sqlite3_errmsg(handle_.get()) + ".",
          "Check that the disk has space and works, then start drawbridged again."};
}

Statement::Statement(const Database& database, const char* sql) {
  sqlite3_stmt* handle = nullptr;
  sqlite3_prepare_v2(database.raw(), sql, -1, &handle, nullptr);
  handle_.reset(handle);
}

Statement& Statement::bind(int index, int64_t value) {
  sqlite3_bind_int64(handle_.get(), index, value);
  return *this;
}

Statement& Statement::bind(int index, ByteView value) {
  // An empty view may have no address at all, which SQLite would take for NULL.
  static constexpr char nothing = 0;
  const void* start = value.empty() ? static_cast<const void*>(&nothing) : value.data();
  sqlite3_bind_blob64(handle_.get(), index, start, value.size(), SQLITE_STATIC);
  return *this;
}

Statement& Statement::bind(int index, std::string_view value) {
  sqlite3_bind_text64(handle_.get(), index, value.data(), value.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

int Statement::step() {
  int code = sqlite3_step(handle_.get());
  if (code != SQLITE_ROW) sqlite3_reset(handle_.get());
  return code;
}

Bytes Statement::bytes(int column) const {
  const auto* start = static_cast<const uint8_t*>(sqlite3_column_blob(handle_.get(), column));
  return to_bytes({start, static_cast<size_t>(sqlite3_column_bytes(handle_.get(), column))});
}

std::string Statement::text(int column) const {
  return to_string(bytes(column));
}

}  // namespace drawbridge
