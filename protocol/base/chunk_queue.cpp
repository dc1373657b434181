#include "protocol/base/chunk_queue.hpp"

#include <algorithm>
#include <cassert>

namespace drawbridge {

MutableBytes ChunkQueue::space(size_t least) {
  assert(least <= ChunkPool::chunk_size);
  if (!chunks_.empty()) {
    Held& last = chunks_.back();
    last.used = static_cast<size_t>(end_ - last.first);
    if (ChunkPool::chunk_size - last.used >= least) return {last.chunk.get() + last.used, ChunkPool::chunk_size - last.used};
  }
  chunks_.push_back({pool_->take(), end_, 0});
  return {chunks_.back().chunk.get(), ChunkPool::chunk_size};
}

void ChunkQueue::append(ByteView bytes) {
  while (!bytes.empty()) {
    MutableBytes room = space(1);
    size_t length = std::min(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), length);
    commit(length);
    bytes = bytes.subspan(length);
  }
}

size_t ChunkQueue::index_of(uint64_t position) const {
  // The last chunk whose first byte is not behind the position. Few chunks are held and most calls want the first.
  size_t index = 0;
  if (chunks_.size() > 8) {
    auto after = std::upper_bound(chunks_.begin(), chunks_.end(), position, [](uint64_t p, const Held& h) { return p < h.first; });
    index = static_cast<size_t>(after - chunks_.begin());
    index -= index > 0;
  } else {
    while (index + 1 < chunks_.size() && chunks_[index + 1].first <= position) ++index;
  }
  return index;
}

ByteView ChunkQueue::at(uint64_t position) const {
  assert(position >= begin_ && position <= end_);
  if (position == end_) return {};
  size_t index = index_of(position);
  const Held& held = chunks_[index];
  uint64_t stop = index + 1 < chunks_.size() ? std::min(chunks_[index + 1].first, end_) : end_;
  return {held.chunk.get() + (position - held.first), static_cast<size_t>(stop - position)};
}

void ChunkQueue::drop_before(uint64_t position) {
  assert(position <= end_);
  begin_ = std::max(begin_, position);
  while (!chunks_.empty()) {
    bool last = chunks_.size() == 1;
    uint64_t stop = last ? end_ : chunks_[1].first;
    if (stop > begin_) return;
    pool_->give_back(std::move(chunks_.front().chunk));
    chunks_.pop_front();
  }
}

void ChunkQueue::clear() {
  begin_ = end_;
  for (Held& held : chunks_) pool_->give_back(std::move(held.chunk));
  chunks_.clear();
}

void ChunkQueue::overwrite(uint64_t position, ByteView bytes) {
  while (!bytes.empty()) {
    ByteView place = at(position);
    size_t length = std::min(place.size(), bytes.size());
    std::memcpy(const_cast<uint8_t*>(place.data()), bytes.data(), length);
    position += length;
    bytes = bytes.subspan(length);
  }
}

}  // namespace drawbridge
