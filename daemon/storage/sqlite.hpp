// SQLite's C interface in two small owners: a database and a prepared statement.
// Calls may come from different threads, one after another.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <string>

#include "keys/bytes.hpp"
#include "keys/result.hpp"

namespace drawbridge {

class Database {
 public:
  // Creates the file (mode as the process's umask says) if there is none.
  static Result<Database> open(const std::string& path);

  Result<void> run(const char* sql);
  // Whether the newest failure was for want of space.
  bool disk_full() const;
  // The newest failure in SQLite's words.
  Error error(const std::string& what) const;
  sqlite3* raw() const { return handle_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close(handle); }
  };
  explicit Database(sqlite3* handle) : handle_(handle) {}
  std::unique_ptr<sqlite3, Close> handle_;
};

class Statement {
 public:
  Statement() = default;
  // `sql` is ours and right: a refusal here is a damaged database, reported by the first step.
  Statement(const Database& database, const char* sql);

  // Parameters count from 1. Bytes and text must stay until step() has been called.
  Statement& bind(int index, int64_t value);
  Statement& bind(int index, ByteView value);
  Statement& bind(int index, std::string_view value);
  // SQLITE_ROW, SQLITE_DONE or an error code. After anything but a row the statement is ready to be bound anew.
  int step();

  int64_t integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }
  Bytes bytes(int column) const;
  std::string text(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

}  // namespace drawbridge
