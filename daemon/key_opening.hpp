// Where a starting daemon gets its key from: the file as it is, a passphrase from a file or credential, from the terminal
// that it was started from, or from `drawbridge unlock`.
#pragma once

#include <optional>

#include "daemon/admin/control_socket.hpp"
#include "daemon/observe/log.hpp"
#include "daemon/storage/key_file_reader.hpp"
#include "daemon/storage/node_secrets.hpp"

namespace drawbridge {

// Asks at the terminal if there is one and the key needs it; three tries. Nothing: the key is locked and nobody is there
// to be asked. Errors as read_key.
Result<std::optional<NodeSecrets>> secrets_at_start(const KeySource& source);

// Waits at the control socket for the passphrase. Nothing: a signal ended it first.
std::optional<NodeSecrets> secrets_by_unlock(const KeySource& source, Log& log, const admin::ControlSocket& control,
                                             std::optional<gid_t> group, const std::string& name);

}  // namespace drawbridge
