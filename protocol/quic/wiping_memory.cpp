#include "protocol/quic/wiping_memory.hpp"

#include <cstdlib>

#include "keys/secret.hpp"

namespace drawbridge::quic {
namespace {

constexpr size_t prefix = alignof(max_align_t);  // holds the block's size, and keeps its alignment

uint8_t* start(void* block) { return static_cast<uint8_t*>(block) - prefix; }
size_t size_of(void* block) {
  size_t size = 0;
  std::memcpy(&size, start(block), sizeof size);
  return size;
}

void* with_size(uint8_t* raw, size_t size) {
  if (!raw) return nullptr;
  std::memcpy(raw, &size, sizeof size);
  return raw + prefix;
}

void* allocate(size_t size, void*) {
  if (size > SIZE_MAX - prefix) return nullptr;
  return with_size(static_cast<uint8_t*>(std::malloc(size + prefix)), size);
}

void release(void* block, void*) {
  if (!block) return;
  wipe({static_cast<uint8_t*>(block), size_of(block)});
  std::free(start(block));
}

void* allocate_zeroed(size_t count, size_t size, void*) {
  if (size && count > (SIZE_MAX - prefix) / size) return nullptr;
  return with_size(static_cast<uint8_t*>(std::calloc(1, count * size + prefix)), count * size);
}

void* reallocate(void* block, size_t size, void*) {
  void* moved = allocate(size, nullptr);
  if (moved && block) {
    std::memcpy(moved, block, std::min(size, size_of(block)));
    release(block, nullptr);
  }
  return moved;
}

}  // namespace

const ngtcp2_mem* wiping_memory() {
  static const ngtcp2_mem memory = {nullptr, allocate, release, allocate_zeroed, reallocate};
  return &memory;
}

}  // namespace drawbridge::quic
