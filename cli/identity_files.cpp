#include "cli/identity_files.hpp"

#include <sys/random.h>

#include "cli/atomic_file.hpp"
#include "cli/failure.hpp"
#include "cli/time_text.hpp"
#include "keys/key_derivation.hpp"
#include "keys/key_file.hpp"
#include "protocol/admin/state_directory.hpp"

namespace drawbridge::cli {

SeedPhrase fresh_phrase(Language language) {
  Secret32 entropy;
  if (getrandom(entropy.reveal_mutable().data(), Secret32::size, 0) != static_cast<ssize_t>(Secret32::size)) {
    throw CommandFailed(ErrorCode::io, "The system gave no random numbers.", "Try again.");
  }
  return {entropy.reveal(), language};
}

DeviceId store_identity(const std::string& state, const SeedPhrase& phrase, const std::string& name) {
  KeyFile key{Secret32(phrase.entropy().first<Secret32::size>()), unwrap(phrase.seed()), phrase.language(),
              now_unix_ms()};
  make_private_directory(state);
  write_file_atomically(state + "/" + admin::name_file_name, as_bytes(name + "\n"), 0600, Existing::replace,
                        Owner::folder);
  write_file_atomically(state + "/" + admin::key_file_name, encode_key_file(key).reveal(), 0600, Existing::refuse,
                        Owner::folder);
  return derive_identity(key.seed).id;
}

}  // namespace drawbridge::cli
