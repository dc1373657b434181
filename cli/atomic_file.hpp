// Files that are whole or not there, even across a power cut.
#pragma once

#include <string>

#include "keys/bytes.hpp"

namespace drawbridge::cli {

enum class Existing { replace, refuse };
// Whose the file is: the caller's, or that of its folder's owner (root writes into a system service's state, say).
enum class Owner { caller, folder };

// Writes beside the target, syncs, renames, syncs the directory. Throws CommandFailed: `already_exists` if it exists
// and must not be replaced, else `io`. Nothing is left behind on failure.
void write_file_atomically(const std::string& path, ByteView content, unsigned mode, Existing existing,
                           Owner owner = Owner::caller);

// A folder for its owner only, made with its parents and durable. One that exists is taken if it is ours and closed to
// others, or empty (then it is closed). Root also takes one that is closed to others and somebody else's. Throws CommandFailed (`io`, `not_allowed`).
void make_private_directory(const std::string& path);

// Throws CommandFailed: `not_found`, `io`, or `limit` if longer than `max` bytes.
Bytes read_file(const std::string& path, size_t max);

}  // namespace drawbridge::cli
