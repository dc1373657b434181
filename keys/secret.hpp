// Secret<N>: N bytes that are wiped when they die, cannot be printed, and compare in constant time only.
#pragma once

#include "keys/bytes.hpp"

namespace drawbridge {

void wipe(MutableBytes bytes);

template <size_t N>
class Secret {
 public:
  static constexpr size_t size = N;

  Secret() = default;
  explicit Secret(std::span<const uint8_t, N> bytes) { std::memcpy(bytes_.data(), bytes.data(), N); }
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  Secret(Secret&& other) noexcept : bytes_(other.bytes_) { other.clear(); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      bytes_ = other.bytes_;
      other.clear();
    }
    return *this;
  }
  ~Secret() { clear(); }

  // Reading a secret is spelled out, so that a reviewer can search for it.
  std::span<const uint8_t, N> reveal() const { return bytes_; }
  std::span<uint8_t, N> reveal_mutable() { return bytes_; }
  void clear() { wipe(bytes_); }

  bool operator==(const Secret& other) const { return equal_constant_time(bytes_, other.bytes_); }

  template <typename Stream>
  friend Stream& operator<<(Stream&, const Secret&) = delete;

 private:
  std::array<uint8_t, N> bytes_{};
};

using Secret32 = Secret<32>;

// The same for a length known only at run time. It never grows, so no stale copy is left behind by a reallocation.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(size_t size) : bytes_(size) {}
  explicit SecretBytes(ByteView bytes) : bytes_(bytes.begin(), bytes.end()) {}
  SecretBytes(SecretBytes&&) noexcept = default;
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    wipe(bytes_);
    bytes_ = std::move(other.bytes_);
    return *this;
  }
  ~SecretBytes() { wipe(bytes_); }

  ByteView reveal() const { return bytes_; }
  MutableBytes reveal_mutable() { return bytes_; }
  size_t size() const { return bytes_.size(); }
  // Wipes what is cut off.
  void shrink(size_t size) {
    wipe(MutableBytes(bytes_).subspan(size));
    bytes_.resize(size);
  }

  template <typename Stream>
  friend Stream& operator<<(Stream&, const SecretBytes&) = delete;

 private:
  Bytes bytes_;
};

}  // namespace drawbridge
