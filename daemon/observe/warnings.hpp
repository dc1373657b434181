// What the owner should know although everything asked for still works: said in the log and by `status`.
#pragma once

#include <map>
#include <string>

#include "protocol/rows.hpp"

namespace drawbridge {

struct Warning {
  std::string code;     // snake_case, docs/spec/admin.md
  std::string message;  // a sentence
  std::string remedy;
};

Warning reserve_warning();
Warning unreadable_warning(const std::map<RowKind, size_t>& rows);

}  // namespace drawbridge
