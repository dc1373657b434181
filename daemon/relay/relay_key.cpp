#include "daemon/relay/relay_key.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "daemon/io/file_descriptor.hpp"
#include "daemon/io/system_error.hpp"

namespace drawbridge {
namespace {

constexpr size_t hex_size = 64;

Result<Identity> read_key(int fd, const std::string& file) {
  struct stat about {};
  if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode) || about.st_uid != geteuid() || (about.st_mode & 077))
    return Error{ErrorCode::not_allowed, file + " is open to other users of this computer.", "Run: chmod 600 '" + file + "'"};
  char text[hex_size + 1] = {};
  ssize_t length = read(fd, text, hex_size);
  Bytes bytes = from_hex(std::string_view(text, length > 0 ? static_cast<size_t>(length) : 0));
  wipe({reinterpret_cast<uint8_t*>(text), sizeof text});
  if (bytes.size() != Secret32::size)
    return Error{ErrorCode::malformed, file + " is damaged.", "Restore it, or remove it: the relay then gets a new key, and its URL changes."};
  Secret32 seed(ByteView(bytes).first<Secret32::size>());
  wipe(bytes);
  return identity_from_seed(seed);
}

Result<void> write_whole(const std::string& file, const std::string& text) {
  std::string beside = file + ".new";
  FileDescriptor fd(open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  bool written = fd && write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd.get()) == 0 &&
                 rename(beside.c_str(), file.c_str()) == 0;
  if (!written) return system_error("Cannot write " + file, errno, "Check the folder's owner and that the disk has space.");
  FileDescriptor folder(open(file.substr(0, file.rfind('/')).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder) fsync(folder.get());
  return {};
}

}  // namespace

Result<Identity> read_or_make_relay_key(const std::string& file, Entropy& entropy) {
  FileDescriptor fd(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (fd) return read_key(fd.get(), file);
  if (errno != ENOENT) return system_error("Cannot read " + file, errno, "Check its owner and mode.");
  Secret32 seed = entropy.secret32();
  if (auto written = write_whole(file, to_hex(seed.reveal()) + "\n"); !written) return written.error();
  return identity_from_seed(seed);
}

}  // namespace drawbridge
