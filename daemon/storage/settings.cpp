#include "daemon/storage/settings.hpp"

#include "daemon/storage/write_queue.hpp"

namespace drawbridge {

std::optional<std::string> Settings::get(const std::string& key) const {
  auto entry = values_.find(key);
  return entry == values_.end() ? std::nullopt : std::optional(entry->second);
}

void Settings::set(const std::string& key, const std::string& value) {
  std::string& held = values_[key];
  if (held == value) return;
  held = value;
  queue_.ask([key, value](RowStore& store) { (void)store.set_setting(key, value); }, [] {});
}

}  // namespace drawbridge
