#include "daemon/office_page/sessions.hpp"

#include <algorithm>

#include "keys/hash.hpp"

namespace drawbridge::office_page {
namespace {

std::array<uint8_t, 32> digest_of(std::string_view secret) { return blake2b_256({as_bytes(secret)}); }

}  // namespace

// All are compared, each in constant time: how long it takes tells nothing about any of them.
std::vector<Sessions::Entry>::iterator Sessions::find(std::vector<Entry>& entries, std::string_view secret) {
  auto digest = digest_of(secret);
  auto found = entries.end();
  for (auto entry = entries.begin(); entry != entries.end(); ++entry) {
    if (equal_constant_time(entry->digest, digest)) found = entry;
  }
  return found;
}

std::string Sessions::add(std::vector<Entry>& entries, size_t most, Instant now, uid_t user) {
  if (entries.size() == most) entries.erase(entries.begin());
  std::string secret = to_hex(entropy_.secret32().reveal());
  entries.push_back({digest_of(secret), user, now, now});
  return secret;
}

std::string Sessions::add_link(Instant now, uid_t user) {
  expire(now);
  return add(links_, most_links, now, user);
}

std::optional<std::string> Sessions::begin(Instant now, std::string_view link) {
  expire(now);
  auto found = find(links_, link);
  if (found == links_.end()) return std::nullopt;
  uid_t user = found->user;
  links_.erase(found);
  return add(sessions_, most_sessions, now, user);
}

bool Sessions::alive(Instant now, std::string_view session, bool touched) {
  expire(now);
  auto found = find(sessions_, session);
  if (found == sessions_.end()) return false;
  if (touched) found->touched = now;
  return true;
}

void Sessions::end(std::string_view session) {
  auto found = find(sessions_, session);
  if (found != sessions_.end()) sessions_.erase(found);
}

size_t Sessions::end_all() {
  links_.clear();
  size_t count = sessions_.size();
  sessions_.clear();
  return count;
}

bool Sessions::expire(Instant now) {
  std::erase_if(links_, [now](const Entry& link) { return now - link.begun >= link_lives; });
  std::erase_if(sessions_, [now](const Entry& session) {
    return now - session.touched >= session_idle || now - session.begun >= session_longest;
  });
  return links_.empty() && sessions_.empty();
}

std::set<uid_t> Sessions::users() const {
  std::set<uid_t> out;
  for (const auto* entries : {&links_, &sessions_}) {
    for (const Entry& entry : *entries) out.insert(entry.user);
  }
  return out;
}

}  // namespace drawbridge::office_page
