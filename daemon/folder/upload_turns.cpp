#include <algorithm>

#include "daemon/folder/upload.hpp"

namespace drawbridge::folder {
namespace {

constexpr size_t finished_kept = 256;

}  // namespace

std::shared_ptr<UploadTurns::Turn> UploadTurns::turn(const std::string& key) {
  std::lock_guard lock(mutex_);
  std::erase_if(turns_, [](const auto& entry) { return entry.second.expired(); });
  auto& kept = turns_[key];
  auto turn = kept.lock();
  if (!turn) {
    turn = std::make_shared<Turn>();
    kept = turn;
  }
  return turn;
}

void UploadTurns::finished(const std::string& key, UploadProgress progress) {
  std::lock_guard lock(mutex_);
  finished_.emplace_back(key, std::move(progress));
  if (finished_.size() > finished_kept) finished_.pop_front();
}

std::optional<UploadProgress> UploadTurns::find_finished(const std::string& key) {
  std::lock_guard lock(mutex_);
  auto found = std::find_if(finished_.begin(), finished_.end(), [&](const auto& entry) { return entry.first == key; });
  return found == finished_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace drawbridge::folder
