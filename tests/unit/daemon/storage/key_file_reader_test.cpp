#include "daemon/storage/key_file_reader.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "daemon/io/system_entropy.hpp"
#include "tests/unit/daemon/temporary_folder.hpp"

using namespace drawbridge;

namespace {

struct Keys {
  TemporaryFolder folder;
  SystemEntropy entropy;
  KeyFile key;
  KeySource source{folder.file("key"), "", false};

  Keys() {
    key.entropy = entropy.secret32();
    key.seed = key.phrase().seed().take();
  }
  void write(const std::string& name, ByteView bytes, mode_t mode = 0600) {
    std::ofstream(folder.file(name), std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    REQUIRE(chmod(folder.file(name).c_str(), mode) == 0);
  }
  Error error() { return read_key(source).error(); }
};

}  // namespace

TEST_CASE("a private key file is read") {
  Keys keys;
  keys.write("key", encode_key_file(keys.key).reveal());
  auto read = read_key(keys.source);
  REQUIRE(read.ok());
  CHECK(read->seed == keys.key.seed);
}

TEST_CASE("a key file that others may open is refused with the command that closes it") {
  Keys keys;
  mode_t mode = GENERATE(0640, 0604, 0620, 0666, 0700);
  keys.write("key", encode_key_file(keys.key).reveal(), mode);
  CHECK(keys.error().code == ErrorCode::not_allowed);
  CHECK(keys.error().remedy.find("chmod 600") != std::string::npos);
}

TEST_CASE("a key file of another owner is refused") {
  if (geteuid() != 0) return;  // only root can give files away
  Keys keys;
  keys.write("key", encode_key_file(keys.key).reveal());
  REQUIRE(chown(keys.source.file.c_str(), 65534, 65534) == 0);
  CHECK(keys.error().code == ErrorCode::not_allowed);
  CHECK(keys.error().message.find("another user") != std::string::npos);
}

TEST_CASE("a damaged, missing or linked key file says what happened and what to do") {
  Keys keys;
  CHECK(keys.error().code == ErrorCode::not_found);
  CHECK(keys.error().remedy.find("drawbridge init") != std::string::npos);

  SecretBytes bytes = encode_key_file(keys.key);
  bytes.reveal_mutable()[40] ^= 1;
  keys.write("key", bytes.reveal());
  CHECK(keys.error().code == ErrorCode::malformed);
  CHECK(keys.error().remedy.size() > 0);

  REQUIRE(symlink(keys.source.file.c_str(), keys.folder.file("link").c_str()) == 0);
  keys.source.file = keys.folder.file("link");
  CHECK(keys.error().code == ErrorCode::not_allowed);
}

TEST_CASE("a locked key opens with its passphrase file and asks for one otherwise") {
  Keys keys;
  keys.write("key", encode_locked_key_file(keys.key, "open sesame", keys.entropy, {1, 64})->reveal());
  CHECK(keys.error().code == ErrorCode::authentication);
  CHECK(keys.error().remedy.find("passphrase_file") != std::string::npos);

  keys.source.passphrase_file = keys.folder.file("passphrase");
  keys.write("passphrase", as_bytes("open sesame\n"));
  CHECK(read_key(keys.source).ok());
  keys.write("passphrase", as_bytes("open sesame\n"), 0644);
  CHECK(keys.error().code == ErrorCode::not_allowed);
  keys.write("passphrase", as_bytes("wrong"));
  CHECK(keys.error().code == ErrorCode::authentication);
}

TEST_CASE("a key handed in by systemd comes before the file") {
  Keys keys;
  keys.write("drawbridge-key", encode_key_file(keys.key).reveal(), 0440);
  setenv("CREDENTIALS_DIRECTORY", keys.folder.path.c_str(), 1);
  KeySource found = find_key(keys.folder.file("key"), "");
  unsetenv("CREDENTIALS_DIRECTORY");
  CHECK(found.credential);
  CHECK(read_key(found).ok());
}
