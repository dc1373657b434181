#include "daemon/key_opening.hpp"

#include "daemon/admin/locked_door.hpp"
#include "daemon/terminal_question.hpp"

namespace drawbridge {
namespace {

constexpr int tries = 3;

Result<std::optional<NodeSecrets>> ask_at_terminal(const KeySource& source) {
  for (int i = 1;; ++i) {
    auto passphrase = ask_secretly("Passphrase of the key in " + source.file + ": ");
    if (!passphrase) return Error{ErrorCode::authentication, "No passphrase was given.", "Start again, and type it."};
    auto key = unlock_key(source, *passphrase);
    if (key) return std::optional(secrets_of(*key));
    if (key.error().code != ErrorCode::authentication || i == tries) return key.error();
    std::fprintf(stderr, "%s %s\n", key.error().message.c_str(), key.error().remedy.c_str());
  }
}

}  // namespace

Result<std::optional<NodeSecrets>> secrets_at_start(const KeySource& source) {
  auto wanting = wants_passphrase(source);
  if (!wanting) return wanting.error();
  if (*wanting) return terminal_is_ours() ? ask_at_terminal(source) : std::optional<NodeSecrets>();
  auto key = read_key(source);
  if (!key) return key.error();
  return std::optional(secrets_of(*key));
}

std::optional<NodeSecrets> secrets_by_unlock(const KeySource& source, Log& log, const admin::ControlSocket& control,
                                             std::optional<gid_t> group, const std::string& name) {
  admin::LockedDoor door(log, control.listener(), group, name,
                         [&source](const SecretBytes& passphrase) { return unlock_key(source, passphrase); });
  auto key = door.wait();
  return key ? std::optional(secrets_of(*key)) : std::nullopt;
}

}  // namespace drawbridge
