// passphrase set|change|remove: of the key file; needs no daemon. unlock: gives it to a daemon that waits for it.
#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>

#include "cli/atomic_file.hpp"
#include "cli/command_table.hpp"
#include "cli/identity_files.hpp"
#include "cli/passphrase.hpp"
#include "protocol/admin/state_directory.hpp"

namespace drawbridge::cli {
namespace {

using admin::Value;

SecretBytes read_key_file(const std::string& path) {
  Bytes bytes = read_file(path, largest_key_file);
  SecretBytes held{ByteView(bytes)};
  wipe(bytes);
  return held;
}

// The key of this state folder, and what is done to its lock.
class KeyLock {
 public:
  explicit KeyLock(Session& session)
      : session_(session), path_(session.state + "/" + admin::key_file_name), bytes_(read_key_file(path_)) {
    locked_ = unwrap(inspect_key_file(bytes_.reveal())).locked;
  }

  void require(bool locked) const {
    if (locked_ == locked) return;
    if (locked)
      throw CommandFailed(ErrorCode::state, "The key has no passphrase.", "Set one: drawbridge passphrase set");
    throw CommandFailed(ErrorCode::state, "The key has a passphrase already.", "Change it: drawbridge passphrase change");
  }
  KeyFile open() const {
    if (!locked_) return unwrap(parse_key_file(bytes_.reveal()));
    SecretBytes passphrase = ask_passphrase(session_, "Present passphrase");
    return unwrap(parse_key_file(bytes_.reveal(), as_text(passphrase.reveal())));
  }
  void write(const SecretBytes& encoded) const {
    write_file_atomically(path_, encoded.reveal(), 0600, Existing::replace, Owner::folder);
  }

 private:
  Session& session_;
  std::string path_;
  SecretBytes bytes_;
  bool locked_ = false;
};

ExitCode said(Session& session, bool locked, const char* sentence) {
  if (session.out.document(Value::map({{"locked", locked}}))) return ExitCode::done;
  session.out.line(sentence);
  return ExitCode::done;
}

ExitCode lock_anew(Session& session, bool locked_before) {
  keep_memory_private();
  KeyLock lock(session);
  lock.require(locked_before);
  KeyFile key = lock.open();
  lock.write(lock_key(key, ask_new_passphrase(session)));
  return said(session, true, "The key is locked from now on. When drawbridged starts the next time it wants the passphrase.");
}

ExitCode remove_lock(Session& session) {
  keep_memory_private();
  KeyLock lock(session);
  lock.require(true);
  lock.write(encode_key_file(lock.open()));
  return said(session, false, "The key has no passphrase any more.");
}

void send_raw(int descriptor, ByteView bytes) {
  while (!bytes.empty()) {
    ssize_t length = send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) throw CommandFailed(ErrorCode::closed, "Drawbridge stopped before it heard the passphrase.", "Try again.");
    bytes = bytes.subspan(static_cast<size_t>(length));
  }
  shutdown(descriptor, SHUT_WR);
}

ExitCode unlock(Session& session) {
  keep_memory_private();
  AdminClient client(session.state);
  client.send("unlock", {});
  auto answer = session.await(client, "Waiting for Drawbridge");
  bool locked = answer && answer->flag("locked");
  if (!locked) return said(session, false, "It is not locked.");
  SecretBytes passphrase = ask_passphrase(session, "Passphrase");
  send_raw(client.descriptor(), passphrase.reveal());
  session.await(client, "Opening the key");
  return said(session, false, "Unlocked.");
}

}  // namespace

void add_passphrase_commands(CommandTable& table) {
  auto* group = table.add("passphrase", "A passphrase on this computer's key", {});
  group->require_subcommand(1);
  table.add("set", "Lock the key with a passphrase", [](Session& session) { return lock_anew(session, false); }, group);
  table.add("change", "Lock it with another one", [](Session& session) { return lock_anew(session, true); }, group);
  table.add("remove", "Keep the key without one", remove_lock, group);
  table.add("unlock", "Give a daemon that waits for it the key's passphrase", unlock);
}

}  // namespace drawbridge::cli
