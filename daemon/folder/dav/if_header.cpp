#include "daemon/folder/dav/if_header.hpp"

#include <algorithm>

namespace drawbridge::folder::dav {
namespace {

void skip_space(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

// What stands between the first character and the next `close`; false: not there.
bool take_enclosed(std::string_view& text, char close, std::string& out) {
  size_t end = text.find(close, 1);
  if (end == std::string_view::npos) return false;
  out = text.substr(1, end - 1);
  text.remove_prefix(end + 1);
  return true;
}

std::optional<IfHeader::Condition> take_condition(std::string_view& text) {
  IfHeader::Condition condition;
  condition.negated = text.starts_with("Not");
  if (condition.negated) text.remove_prefix(3);
  skip_space(text);
  if (text.empty() || (text.front() != '<' && text.front() != '[')) return std::nullopt;
  condition.is_tag = text.front() == '[';
  if (!take_enclosed(text, condition.is_tag ? ']' : '>', condition.value)) return std::nullopt;
  return condition;
}

bool take_list(std::string_view& text, IfHeader::List& list) {
  text.remove_prefix(1);
  for (skip_space(text); !text.empty() && text.front() != ')'; skip_space(text)) {
    auto condition = take_condition(text);
    if (!condition) return false;
    list.conditions.push_back(std::move(*condition));
  }
  if (text.empty() || list.conditions.empty()) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

Tokens IfHeader::tokens() const {
  Tokens out;
  for (const List& list : lists) {
    for (const Condition& condition : list.conditions) {
      if (!condition.is_tag && !condition.negated) out.insert(condition.value);
    }
  }
  return out;
}

bool IfHeader::holds(const std::function<bool(const std::string&, const Condition&)>& is_so) const {
  return std::any_of(lists.begin(), lists.end(), [&](const List& list) {
    return std::all_of(list.conditions.begin(), list.conditions.end(),
                       [&](const Condition& condition) { return is_so(list.resource, condition) != condition.negated; });
  });
}

std::optional<IfHeader> parse_if_header(std::string_view text) {
  IfHeader header;
  std::string resource;
  for (skip_space(text); !text.empty(); skip_space(text)) {
    if (text.front() == '<') {
      if (!take_enclosed(text, '>', resource)) return std::nullopt;
    } else if (text.front() == '(') {
      IfHeader::List list{resource, {}};
      if (!take_list(text, list)) return std::nullopt;
      header.lists.push_back(std::move(list));
    } else {
      return std::nullopt;
    }
  }
  if (header.lists.empty()) return std::nullopt;
  return header;
}

}  // namespace drawbridge::folder::dav
