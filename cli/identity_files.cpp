#include "cli/identity_files.hpp"

#include <sys/random.h>

#include "cli/atomic_file.hpp"
#include "cli/failure.hpp"
#include "cli/time_text.hpp"
#include "keys/key_derivation.hpp"
#include "keys/key_file.hpp"
#include "protocol/admin/state_directory.hpp"

namespace drawbridge::cli {

namespace {

class SystemRandom : public Entropy {
 public:
  void fill(MutableBytes target) override {
    if (getrandom(target.data(), target.size(), 0) != static_cast<ssize_t>(target.size()))
      throw CommandFailed(ErrorCode::io, "The system gave no random numbers.", "Try again.");
  }
};

}  // namespace

SeedPhrase fresh_phrase(Language language) {
  return {SystemRandom().secret32().reveal(), language};
}

SecretBytes lock_key(const KeyFile& key, const SecretBytes& passphrase) {
  SystemRandom random;
  return unwrap(encode_locked_key_file(key, as_text(passphrase.reveal()), random));
}

DeviceId store_identity(const std::string& state, const SeedPhrase& phrase, const std::string& name,
                        const std::optional<SecretBytes>& passphrase) {
  KeyFile key{Secret32(phrase.entropy().first<Secret32::size>()), unwrap(phrase.seed()), phrase.language(),
              now_unix_ms()};
  SecretBytes encoded = passphrase ? lock_key(key, *passphrase) : encode_key_file(key);
  make_private_directory(state);
  write_file_atomically(state + "/" + admin::name_file_name, as_bytes(name + "\n"), 0600, Existing::replace,
                        Owner::folder);
  write_file_atomically(state + "/" + admin::key_file_name, encoded.reveal(), 0600, Existing::refuse,
                        Owner::folder);
  return derive_identity(key.seed).id;
}

}  // namespace drawbridge::cli
