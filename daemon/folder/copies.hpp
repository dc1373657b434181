// Copying inside one root. A copy gathers under a hidden name and takes its own in one step.
#pragma once

#include "daemon/folder/root.hpp"

namespace drawbridge::folder {

enum class Existing { keep, replace };
struct Placed {
  bool replaced = false;
};

// `deep`: a folder with all that is in it (links as they are, never what they point to), else the folder alone.
// `already_exists` with Existing::keep; `state` into itself; `try_later` for too much at once, and nothing is copied.
Result<Placed> copy_entry(const Root& root, const RequestPath& from, const RequestPath& to, bool deep, Existing existing);

// A fresh name that nobody can ask for; what is left under one for a week is removed.
std::string hidden_name();

// Gives `hidden` in the folder of `target` the name of `target`; what has that name goes if it may.
Result<Placed> take_name(const Place& target, const std::string& hidden, Existing existing);

}  // namespace drawbridge::folder
