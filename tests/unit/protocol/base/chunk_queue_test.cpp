#include "protocol/base/chunk_queue.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>

#include "tests/sim/seeded_entropy.hpp"

using namespace drawbridge;

namespace {

constexpr size_t chunk = ChunkPool::chunk_size;

Bytes counting(size_t size, size_t from = 0) {
  Bytes bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>((from + i) * 31 >> 3);
  return bytes;
}

Bytes read_from(const ChunkQueue& queue, uint64_t position) {
  Bytes bytes;
  while (position < queue.end()) {
    ByteView piece = queue.at(position);
    REQUIRE(!piece.empty());
    append(bytes, piece);
    position += piece.size();
  }
  return bytes;
}

}  // namespace

TEST_CASE("bytes come back from every position, across chunks") {
  ChunkPool pool;
  ChunkQueue queue(pool);
  Bytes all = counting(3 * chunk + 100);
  queue.append(all);
  CHECK(queue.size() == all.size());
  for (uint64_t position : {uint64_t{0}, uint64_t{1}, uint64_t{chunk - 1}, uint64_t{chunk}, uint64_t{3 * chunk}, uint64_t(all.size() - 1)}) {
    CHECK(read_from(queue, position) == to_bytes(ByteView(all).subspan(position)));
  }
  CHECK(queue.at(queue.end()).empty());
}

TEST_CASE("space is contiguous as asked for, even where a chunk has less left") {
  ChunkPool pool;
  ChunkQueue queue(pool);
  queue.append(counting(chunk - 10));
  CHECK(queue.space(5).size() == 10);
  MutableBytes room = queue.space(11);
  REQUIRE(room.size() >= 11);
  Bytes more = counting(11, chunk - 10);
  std::copy(more.begin(), more.end(), room.begin());
  queue.commit(11);
  CHECK(read_from(queue, 0) == counting(chunk + 1));
  CHECK(queue.space(chunk).size() == chunk);
}

TEST_CASE("dropped bytes are gone, and positions stay what they were") {
  ChunkPool pool;
  ChunkQueue queue(pool);
  Bytes all = counting(2 * chunk);
  queue.append(all);
  queue.drop_before(chunk + 5);
  CHECK(queue.begin() == chunk + 5);
  CHECK(queue.size() == chunk - 5);
  CHECK(read_from(queue, queue.begin()) == to_bytes(ByteView(all).subspan(chunk + 5)));
  queue.drop_before(3);  // behind: nothing
  CHECK(queue.begin() == chunk + 5);
  queue.drop_before(queue.end());
  CHECK(queue.empty());
  queue.append(counting(10));
  CHECK(queue.begin() == 2 * chunk);
  CHECK(read_from(queue, 2 * chunk) == counting(10));
}

TEST_CASE("bytes can be written over across two chunks") {
  ChunkPool pool;
  ChunkQueue queue(pool);
  queue.append(counting(2 * chunk));
  Bytes patch(8, 0xee);
  queue.overwrite(chunk - 4, patch);
  Bytes expected = counting(2 * chunk);
  std::copy(patch.begin(), patch.end(), expected.begin() + chunk - 4);
  CHECK(read_from(queue, 0) == expected);
}

TEST_CASE("a cleared queue is empty and usable") {
  ChunkPool pool;
  ChunkQueue queue(pool);
  queue.append(counting(chunk + 1));
  queue.clear();
  CHECK(queue.empty());
  queue.append(counting(7));
  CHECK(read_from(queue, queue.begin()) == counting(7));
}

TEST_CASE("a queue under random use agrees with a plain one") {
  ChunkPool pool;
  ChunkQueue queue(pool);
  std::deque<uint8_t> plain;
  sim::Chance chance(2);
  uint64_t total = 0;
  for (int step = 0; step < 2'000; ++step) {
    if (chance.below(2)) {
      size_t least = 1 + chance.below(2'000), length = chance.below(least + 1);
      MutableBytes room = queue.space(least);
      REQUIRE(room.size() >= least);
      for (size_t i = 0; i < length; ++i) plain.push_back(room[i] = static_cast<uint8_t>(total++ * 131 >> 2));
      queue.commit(length);
    } else {
      size_t length = chance.below(plain.size() + 1);
      queue.drop_before(queue.begin() + length);
      plain.erase(plain.begin(), plain.begin() + static_cast<ptrdiff_t>(length));
    }
    REQUIRE(queue.size() == plain.size());
    REQUIRE(std::ranges::equal(read_from(queue, queue.begin()), plain));
  }
}
