// A queue of bytes in blocks of fixed size, so that neither a long transfer nor a slow reader ever moves or regrows
// what it holds. Blocks come from a pool that the whole node shares.
#pragma once

#include <deque>
#include <memory>
#include <utility>

#include "keys/bytes.hpp"

namespace drawbridge {

class ChunkPool {
 public:
  static constexpr size_t chunk_size = 32 * 1024;
  using Chunk = std::unique_ptr<uint8_t[]>;

  Chunk take() {
    if (free_.empty()) return Chunk(new uint8_t[chunk_size]);
    Chunk chunk = std::move(free_.back());
    free_.pop_back();
    return chunk;
  }
  void give_back(Chunk chunk) {
    if (free_.size() < kept) free_.push_back(std::move(chunk));
  }
  void release_spare() { std::exchange(free_, {}); }

 private:
  static constexpr size_t kept = 64;  // 2 MiB: enough for steady transfers, little when idle
  std::vector<Chunk> free_;
};

// Positions are counted from the first byte ever appended. `pool` must outlive the queue.
class ChunkQueue {
 public:
  explicit ChunkQueue(ChunkPool& pool) : pool_(&pool) {}
  ~ChunkQueue() { clear(); }
  ChunkQueue(ChunkQueue&&) = default;
  ChunkQueue& operator=(ChunkQueue&&) = delete;

  uint64_t begin() const { return begin_; }
  uint64_t end() const { return end_; }
  uint64_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }

  // Room behind the last byte, at least `least` bytes of it contiguous (least <= chunk_size).
  MutableBytes space(size_t least);
  void commit(size_t length) { end_ += length; }
  void append(ByteView bytes);
  // Contiguous bytes from `position` (begin <= position <= end); empty only at the end.
  ByteView at(uint64_t position) const;
  void drop_before(uint64_t position);
  void clear();
  // Writes over bytes already committed (a length known only afterwards), which may span two chunks.
  void overwrite(uint64_t position, ByteView bytes);

 private:
  struct Held {
    ChunkPool::Chunk chunk;
    uint64_t first = 0;    // position of its first byte
    size_t used = 0;       // bytes in it; later bytes are in the next one
  };
  size_t index_of(uint64_t position) const;

  ChunkPool* pool_;
  std::deque<Held> chunks_;
  uint64_t begin_ = 0, end_ = 0;
};

}  // namespace drawbridge
