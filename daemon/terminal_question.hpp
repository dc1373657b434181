// A passphrase typed at the terminal that the daemon was started from.
#pragma once

#include <optional>
#include <string>

#include "keys/secret.hpp"

namespace drawbridge {

// Whether somebody can be asked: standard input is a terminal, and this process is the one it talks to.
bool terminal_is_ours();

// Shows `question` on standard error and reads a line without showing it. Nothing: the terminal was closed, or the line
// is too long to be a passphrase.
std::optional<SecretBytes> ask_secretly(const std::string& question);

}  // namespace drawbridge
