// QUIC connection ids (RFC 9000 5.1) in the two lengths that Drawbridge uses.
#pragma once

#include <cassert>
#include <functional>

#include "keys/bytes.hpp"

namespace drawbridge::quic {

inline constexpr size_t connection_id_size = 8;    // every id that a node issues: short headers carry no length
inline constexpr size_t first_dcid_size = 16;      // a device's first destination id: 8 random bytes and their knock tag
inline constexpr size_t connection_id_max = 20;    // RFC 9000 17.2

class ConnectionId {
 public:
  ConnectionId() = default;
  explicit ConnectionId(ByteView bytes) : size_(static_cast<uint8_t>(bytes.size())) {
    assert(bytes.size() <= connection_id_max);
    std::memcpy(bytes_.data(), bytes.data(), bytes.size());
  }
  ByteView view() const { return {bytes_.data(), size_}; }
  bool operator==(const ConnectionId&) const = default;

 private:
  std::array<uint8_t, connection_id_max> bytes_{};
  uint8_t size_ = 0;
};

// Ids that we issue are random, and a device's first id begins with random bytes: their first bytes will do as a hash.
struct ConnectionIdHash {
  size_t operator()(const ConnectionId& id) const noexcept {
    size_t value = 0;
    std::memcpy(&value, id.view().data(), std::min(id.view().size(), sizeof value));
    return value;
  }
};

}  // namespace drawbridge::quic
