// LockedDoor: the control socket of a node whose key is locked with a passphrase and who was given none. Nothing is
// served but `status`, `wait` and `unlock` (docs/spec/admin.md, "unlock"): no peer is answered, no database opened.
//
// The passphrase comes as raw bytes after the request, never inside a message: the buffers of messages are not wiped.
// Guessing is held back by Argon2id alone, one try after another; nobody is locked out.
#pragma once

#include <functional>
#include <list>
#include <optional>

#include "daemon/admin/admin_server.hpp"
#include "daemon/observe/log.hpp"
#include "keys/key_file.hpp"

namespace drawbridge::admin {

class LockedDoor {
 public:
  // Tries one passphrase. Runs on the loop: a try takes a fraction of a second and others wait for theirs.
  using Try = std::function<Result<KeyFile>(const SecretBytes& passphrase)>;

  // `listener` is borrowed; `name` is the node's.
  LockedDoor(Log& log, int listener, std::optional<gid_t> group, std::string name, Try attempt);
  ~LockedDoor();
  LockedDoor(const LockedDoor&) = delete;
  LockedDoor& operator=(const LockedDoor&) = delete;

  // Serves until somebody gives the right passphrase: the key. Nothing: SIGTERM or SIGINT ended it.
  std::optional<KeyFile> wait();

 private:
  class Visitor;
  void handle(const CallPtr& call);
  void hear(uint64_t request, FileDescriptor stream);
  Response judge(uint64_t request, const SecretBytes& passphrase);
  Value status() const;

  Log& log_;
  std::string name_;
  Try attempt_;
  std::optional<KeyFile> key_;
  Loop loop_;
  std::list<std::unique_ptr<Visitor>> visitors_;
  std::vector<CallPtr> waiting_;  // `wait`: until the door is gone
  AdminServer server_;
};

}  // namespace drawbridge::admin
