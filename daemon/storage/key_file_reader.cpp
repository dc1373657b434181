#include "daemon/storage/key_file_reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>

#include "daemon/io/file_descriptor.hpp"
#include "daemon/io/system_error.hpp"
#include "daemon/storage/passphrase_limits.hpp"

namespace drawbridge {
namespace {

Result<FileDescriptor> open_secret(const std::string& path) {
  FileDescriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (fd) return fd;
  if (errno == ENOENT) {
    return Error{ErrorCode::not_found, "There is no key in " + path + ".",
                 "Run 'drawbridge init' first, or name another folder with --state."};
  }
  if (errno == ELOOP)
    return Error{ErrorCode::not_allowed, path + " is a link, not a file.", "Put the file itself there."};
  return system_error("Cannot read " + path, errno, "Start drawbridged as the user who ran 'drawbridge init'.");
}

Result<void> check_private(int fd, const std::string& path) {
  struct stat file {};
  if (fstat(fd, &file) != 0) return system_error("Cannot read " + path, errno);
  if (!S_ISREG(file.st_mode))
    return Error{ErrorCode::not_allowed, path + " is not a regular file.", "Put the key file itself there."};
  if (file.st_uid != geteuid()) {
    return Error{ErrorCode::not_allowed, path + " belongs to another user.",
                 "Start drawbridged as its owner, or run: chown " + std::to_string(geteuid()) + " '" + path + "'"};
  }
  if (mode_is_private(file.st_mode)) return {};
  return Error{ErrorCode::not_allowed, path + " can be read or changed by other users of this computer.",
               "Run: chmod 600 '" + path + "' - and if others may have read it, make a new identity."};
}

Result<SecretBytes> read_secret(const std::string& path, bool checked_elsewhere, size_t longest) {
  auto fd = open_secret(path);
  if (!fd) return fd.error();
  if (!checked_elsewhere) {
    if (auto checked = check_private(fd->get(), path); !checked) return checked.error();
  }
  SecretBytes bytes(longest + 1);
  size_t total = 0;
  ssize_t length = 0;
  while (total < bytes.size() &&
         (length = read(fd->get(), bytes.reveal_mutable().data() + total, bytes.size() - total)) > 0) {
    total += static_cast<size_t>(length);
  }
  if (length < 0) return system_error("Cannot read " + path, errno);
  bytes.shrink(total);
  return bytes;
}

Result<std::optional<SecretBytes>> read_passphrase(const KeySource& source) {
  if (source.passphrase_file.empty()) return std::optional<SecretBytes>();
  auto bytes = read_secret(source.passphrase_file, source.credential, longest_passphrase);
  if (!bytes) return bytes.error();
  ByteView text = bytes->reveal();
  size_t length = text.size();
  while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r')) --length;
  bytes->shrink(length);
  return std::optional(bytes.take());
}

Error explain(Error error, const KeySource& source) {
  if (error.code == ErrorCode::authentication && source.passphrase_file.empty()) {
    error.remedy = "Write the passphrase to a file of mode 0600 and name it in config.toml: passphrase_file = \"...\"";
  }
  if (error.code == ErrorCode::malformed && error.remedy.empty()) {
    error.remedy = "Bring the identity back from its 24 words: drawbridge init --restore";
  }
  error.message = source.file + ": " + error.message;
  return error;
}

}  // namespace

KeySource find_key(const std::string& key_file, const std::string& passphrase_file) {
  KeySource source{key_file, passphrase_file, false};
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (!folder) return source;
  std::string key = std::string(folder) + "/drawbridge-key",
              passphrase = std::string(folder) + "/drawbridge-passphrase";
  if (access(key.c_str(), R_OK) == 0) source.file = key, source.credential = true;
  if (access(passphrase.c_str(), R_OK) == 0) source.passphrase_file = passphrase, source.credential = true;
  return source;
}

Result<KeyFile> read_key(const KeySource& source) {
  auto bytes = read_secret(source.file, source.credential, largest_key_file);
  if (!bytes) return bytes.error();
  auto passphrase = read_passphrase(source);
  if (!passphrase) return passphrase.error();
  std::optional<std::string_view> text;
  if (*passphrase) text = as_text((*passphrase)->reveal());
  auto key = parse_key_file(bytes->reveal(), text);
  return key ? std::move(key) : Result<KeyFile>(explain(key.error(), source));
}

Result<bool> wants_passphrase(const KeySource& source) {
  return source.passphrase_file.empty() ? has_passphrase(source) : Result<bool>(false);
}

Result<bool> has_passphrase(const KeySource& source) {
  auto bytes = read_secret(source.file, source.credential, largest_key_file);
  if (!bytes) return bytes.error();
  auto summary = inspect_key_file(bytes->reveal());
  return summary ? Result<bool>(summary->locked) : explain(summary.error(), source);
}

Result<KeyFile> unlock_key(const KeySource& source, const SecretBytes& passphrase) {
  auto bytes = read_secret(source.file, source.credential, largest_key_file);
  if (!bytes) return bytes.error();
  return parse_key_file(bytes->reveal(), as_text(passphrase.reveal()));
}

}  // namespace drawbridge
