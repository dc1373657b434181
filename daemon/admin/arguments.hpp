// Reads a request's arguments by name and type. Errors stick and name the argument; done() also refuses those that
// nobody asked for. Absent and null are the same.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "protocol/admin/value.hpp"
#include "protocol/base/time.hpp"

namespace drawbridge::admin {

class Arguments {
 public:
  explicit Arguments(const Value& map) : map_(map) {}

  std::string text(const char* name);  // required, not empty
  std::optional<std::string> optional_text(const char* name);
  std::vector<std::string> texts(const char* name);  // required, at least one
  std::optional<std::vector<std::string>> optional_texts(const char* name);
  Bytes bytes(const char* name);      // required
  uint64_t number(const char* name);  // required
  std::optional<uint64_t> optional_number(const char* name, uint64_t min, uint64_t max);
  bool flag(const char* name);  // absent: false
  std::optional<WallTime> optional_time(const char* name);

  // The first thing that was wrong, or an argument that the command does not have.
  Result<void> done();

 private:
  const Value* find(const char* name);
  const Value* require(const char* name);
  void fail(const char* name, const std::string& what);
  std::vector<std::string> read_texts(const char* name, const Value& value);

  const Value& map_;
  std::set<std::string> asked_;
  std::optional<Error> error_;
};

}  // namespace drawbridge::admin
