// Write locks of one folder (RFC 4918 sections 6 and 7), in memory: a restart ends them, as a timeout would.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace drawbridge::folder::dav {

struct Lock {
  std::string token;  // "urn:uuid:…"
  std::string path;   // relative to the root, "." for it
  bool exclusive = true;
  bool deep = false;    // also everything below
  std::string owner;    // XML, as the client wrote it
  std::chrono::seconds timeout{};
  std::chrono::steady_clock::time_point until;
};

using Tokens = std::set<std::string>;

// What a request is about to do to a path.
struct Change {
  std::string path;
  bool whole_tree = false;  // everything below is changed, too
  bool membership = false;  // the name appears or goes: the folder that holds it changes
};

// Thread-safe.
class LockTable {
 public:
  // Nothing: another lock is in the way, or there are too many.
  std::optional<Lock> acquire(const std::string& path, bool exclusive, bool deep, const std::string& owner, std::chrono::seconds timeout);
  // Nothing: no such lock covers the path.
  std::optional<Lock> refresh(const std::string& path, const Tokens& tokens, std::chrono::seconds timeout);
  bool release(const std::string& path, const std::string& token);

  // That apply to the path itself.
  std::vector<Lock> covering(const std::string& path);
  bool covers(const std::string& path, const std::string& token);
  // The first lock that forbids the change to somebody who submits these tokens.
  std::optional<Lock> forbids(const Change& change, const Tokens& tokens);
  // There is nothing at the path any more, nor below.
  void forget(const std::string& path);

 private:
  void expire();
  std::mutex mutex_;
  std::vector<Lock> locks_;
};

// The folder that holds the path.
std::string parent_of(const std::string& path);

}  // namespace drawbridge::folder::dav
