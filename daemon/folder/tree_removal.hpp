// Deleting a folder with all that is in it, without ever leaving it: links are removed and not followed, other disks
// mounted in it are not entered, and how much one request may delete is bounded.
#pragma once

#include "daemon/folder/root.hpp"

namespace drawbridge::folder {

// At most so many names, in folders inside one another at most so deep, are deleted at once.
constexpr size_t largest_removal = 20'000;
constexpr int deepest_removal = 48;

// Deletes `place`, a folder. The tree is looked through first: `try_later` and nothing is deleted if it is too large,
// too deep or holds another disk; a failure later on leaves what was not deleted yet.
Result<void> remove_tree(const Place& place);

}  // namespace drawbridge::folder
