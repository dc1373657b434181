// Passphrases as people type them: unseen at a terminal, else a line of standard input. Never an argument, and never in
// memory that is not wiped.
#pragma once

#include <string>

#include "cli/session.hpp"
#include "keys/secret.hpp"

namespace drawbridge::cli {

// No core dump of this process and no debugger: before anything secret is read.
void keep_memory_private();

// One line. `question` is shown at a terminal only. Throws CommandFailed (`invalid_argument`) if there is none or it is
// longer than a passphrase may be.
SecretBytes ask_passphrase(Session& session, const std::string& question);

// A new one: at a terminal typed twice, and the same both times.
SecretBytes ask_new_passphrase(Session& session);

}  // namespace drawbridge::cli
