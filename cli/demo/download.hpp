// Fetches a file over HTTP/1.1 from a local address and measures it.
#pragma once

#include <array>
#include <chrono>
#include <string>

#include "keys/bytes.hpp"

namespace drawbridge::cli::demo {

using Digest = std::array<uint8_t, 32>;  // BLAKE2b-256

struct Download {
  uint64_t bytes = 0;
  Digest digest{};
  std::chrono::nanoseconds first_byte{};  // from before the connection was opened
  std::chrono::nanoseconds whole{};
};

// `address` is "127.83.0.1:8080". Throws CommandFailed (`unreachable`, `closed`, `malformed`).
Download fetch(const std::string& address, const std::string& path);

Digest digest_of(ByteView bytes);

}  // namespace drawbridge::cli::demo
