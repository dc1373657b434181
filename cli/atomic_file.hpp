// Files that are whole or not there, even across a power cut.
#pragma once

#include <string>

#include "keys/bytes.hpp"

namespace drawbridge::cli {

enum class Existing { replace, refuse };

// Writes beside the target, syncs, renames, syncs the directory. Throws CommandFailed: `already_exists` if it exists
// and must not be replaced, else `io`. Nothing is left behind on failure.
void write_file_atomically(const std::string& path, ByteView content, unsigned mode, Existing existing);

// Throws CommandFailed: `not_found`, `io`, or `limit` if longer than `max` bytes.
Bytes read_file(const std::string& path, size_t max);

}  // namespace drawbridge::cli
