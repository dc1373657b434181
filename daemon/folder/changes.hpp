// Changes to names: new folders, renaming, deleting. None follows a symbolic link at the last name.
#pragma once

#include "daemon/folder/copies.hpp"
#include "daemon/folder/root.hpp"

namespace drawbridge::folder {

// `already_exists` if there is something of that name.
Result<void> make_folder(const Root& root, const RequestPath& path);
// `already_exists` with Existing::keep. Inside one root only.
Result<Placed> move_entry(const Root& root, const RequestPath& from, const RequestPath& to, Existing existing);
// What becomes of the things in a folder that is deleted: `keep` refuses a folder that is not empty (`state`).
enum class Contents { keep, remove };
// A file, a link (never what it points to), or a folder; see remove_tree for one that is not empty.
Result<void> delete_entry(const Root& root, const RequestPath& path, Contents contents);

// rename(2) that fails with EEXIST instead of replacing, also on file systems that cannot do it in one call. 0 or
// errno.
int rename_without_replacing(int from_folder, const std::string& from, int to_folder, const std::string& to);

// What a new file may have in this folder: as the folder itself, without the right to execute.
mode_t new_file_mode(int folder);

}  // namespace drawbridge::folder
