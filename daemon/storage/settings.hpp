// Small durable choices of this machine (which local address a service got, say), in memory and written behind.
#pragma once

#include <map>
#include <optional>
#include <string>

namespace drawbridge {

class RowStore;
class WriteQueue;

class Settings {
 public:
  // `queue` must outlive the settings.
  Settings(std::map<std::string, std::string> stored, WriteQueue& queue) : values_(std::move(stored)), queue_(queue) {}

  std::optional<std::string> get(const std::string& key) const;
  // Durable a moment later: losing the newest choice in a crash only means choosing again.
  void set(const std::string& key, const std::string& value);
  const std::map<std::string, std::string>& all() const { return values_; }

 private:
  std::map<std::string, std::string> values_;
  WriteQueue& queue_;
};

}  // namespace drawbridge
