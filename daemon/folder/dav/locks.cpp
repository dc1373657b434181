#include "daemon/folder/dav/locks.hpp"

#include <algorithm>

#include "daemon/io/system_entropy.hpp"

namespace drawbridge::folder::dav {
namespace {

constexpr size_t most_locks = 1'024;  // an office program holds one for each open document

bool is_within(const std::string& path, const std::string& folder) {
  if (folder == "." || path == folder) return true;
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

bool applies(const Lock& lock, const std::string& path) { return lock.path == path || (lock.deep && is_within(path, lock.path)); }

// RFC 9562, version 4.
std::string fresh_token() {
  std::array<uint8_t, 16> bytes;
  SystemEntropy().fill(bytes);
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  std::string hex = to_hex(bytes);
  return "urn:uuid:" + hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" + hex.substr(20);
}

}  // namespace

std::string parent_of(const std::string& path) {
  size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

void LockTable::expire() {
  auto now = std::chrono::steady_clock::now();
  std::erase_if(locks_, [&](const Lock& lock) { return lock.until <= now; });
}

std::optional<Lock> LockTable::acquire(const std::string& path, bool exclusive, bool deep, const std::string& owner, std::chrono::seconds timeout) {
  std::lock_guard guard(mutex_);
  expire();
  bool free = std::none_of(locks_.begin(), locks_.end(), [&](const Lock& lock) {
    bool meet = applies(lock, path) || (deep && is_within(lock.path, path));
    return meet && (exclusive || lock.exclusive);
  });
  if (!free || locks_.size() >= most_locks) return std::nullopt;
  locks_.push_back({fresh_token(), path, exclusive, deep, owner, timeout, std::chrono::steady_clock::now() + timeout});
  return locks_.back();
}

std::optional<Lock> LockTable::refresh(const std::string& path, const Tokens& tokens, std::chrono::seconds timeout) {
  std::lock_guard guard(mutex_);
  expire();
  for (Lock& lock : locks_) {
    if (!tokens.contains(lock.token) || !applies(lock, path)) continue;
    lock.timeout = timeout;
    lock.until = std::chrono::steady_clock::now() + timeout;
    return lock;
  }
  return std::nullopt;
}

bool LockTable::release(const std::string& path, const std::string& token) {
  std::lock_guard guard(mutex_);
  return std::erase_if(locks_, [&](const Lock& lock) { return lock.token == token && applies(lock, path); }) > 0;
}

std::vector<Lock> LockTable::covering(const std::string& path) {
  std::lock_guard guard(mutex_);
  expire();
  std::vector<Lock> out;
  std::copy_if(locks_.begin(), locks_.end(), std::back_inserter(out), [&](const Lock& lock) { return applies(lock, path); });
  return out;
}

bool LockTable::covers(const std::string& path, const std::string& token) {
  auto locks = covering(path);
  return std::any_of(locks.begin(), locks.end(), [&](const Lock& lock) { return lock.token == token; });
}

std::optional<Lock> LockTable::forbids(const Change& change, const Tokens& tokens) {
  std::lock_guard guard(mutex_);
  expire();
  auto concerns = [&](const Lock& lock) {
    if (applies(lock, change.path) || (change.whole_tree && is_within(lock.path, change.path))) return true;
    return change.membership && lock.path == parent_of(change.path);
  };
  for (const Lock& lock : locks_) {
    if (!concerns(lock) || tokens.contains(lock.token)) continue;
    // Of several shared locks, holding one is enough.
    bool shares = !lock.exclusive && std::any_of(locks_.begin(), locks_.end(), [&](const Lock& other) { return tokens.contains(other.token) && concerns(other); });
    if (!shares) return lock;
  }
  return std::nullopt;
}

void LockTable::forget(const std::string& path) {
  std::lock_guard guard(mutex_);
  std::erase_if(locks_, [&](const Lock& lock) { return is_within(lock.path, path); });
}

}  // namespace drawbridge::folder::dav
