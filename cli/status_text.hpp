// The admin documents in words and tables, for people.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/output.hpp"
#include "protocol/admin/value.hpp"

namespace drawbridge::cli {

// "direct, 192.0.2.7:41000" or "relayed by relay.example".
std::string describe_path(const admin::Value& path);
// ", 12.3 ms, 2 % lost": as far as known.
std::string describe_quality(const admin::Value& path);

// The whole of `status`, one line an element.
std::vector<std::string> describe_status(const admin::Value& status, int64_t now_unix_ms, const Output& style);

// The newest changes of paths, oldest first, with their times; empty if there was none.
std::vector<std::string> describe_transitions(const admin::Value& status, const Output& style);

// Rows for Output::table.
struct Table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};
Table service_table(const admin::Value::Array& services);
Table device_table(const admin::Value::Array& devices, int64_t now_unix_ms);

// Lines of a table, without printing it.
std::vector<std::string> lines_of(const Table& table, const Output& style);

// "files, db", "everything" for *, or "nothing".
std::string describe_grants(const admin::Value& device);

// The first two groups of an id's text: enough to recognise, and a valid prefix.
std::string short_id(const std::string& id);

}  // namespace drawbridge::cli
