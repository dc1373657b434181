// The If header (RFC 4918 section 10.4): which lock tokens a client submits, and under which states it wants to be heard.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/folder/dav/locks.hpp"

namespace drawbridge::folder::dav {

struct IfHeader {
  struct Condition {
    bool negated = false;
    bool is_tag = false;  // an entity tag with its quotes, else a lock token
    std::string value;
  };
  struct List {
    std::string resource;  // URL as sent; empty: that of the request
    std::vector<Condition> conditions;
  };
  std::vector<List> lists;

  Tokens tokens() const;  // all of them
  // True if all conditions of one list hold.
  bool holds(const std::function<bool(const std::string& resource, const Condition& condition)>& is_so) const;
};

// Nothing: not the form that it has to have.
std::optional<IfHeader> parse_if_header(std::string_view text);

}  // namespace drawbridge::folder::dav
