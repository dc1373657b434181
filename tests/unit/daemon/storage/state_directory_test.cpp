#include "daemon/storage/state_directory.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "tests/unit/daemon/temporary_folder.hpp"

using namespace drawbridge;

TEST_CASE("two daemons on one state are refused, and the sentence names the first one's process") {
  TemporaryFolder folder;
  auto first = StateDirectory::take(folder.path);
  REQUIRE(first.ok());
  auto second = StateDirectory::take(folder.path);
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().code == ErrorCode::state);
  CHECK(second.error().message.find("process " + std::to_string(getpid())) != std::string::npos);
}

TEST_CASE("a state is free again when its daemon is gone") {
  TemporaryFolder folder;
  { REQUIRE(StateDirectory::take(folder.path).ok()); }
  CHECK(StateDirectory::take(folder.path).ok());
}

TEST_CASE("a folder open to others is refused with the command that closes it") {
  TemporaryFolder folder;
  int mode = GENERATE(0755, 0770, 0704);
  REQUIRE(chmod(folder.path.c_str(), static_cast<mode_t>(mode)) == 0);
  auto taken = StateDirectory::take(folder.path);
  REQUIRE_FALSE(taken.ok());
  CHECK(taken.error().remedy.find("chmod 700") != std::string::npos);
}

TEST_CASE("a missing folder asks for init") {
  TemporaryFolder folder;
  auto taken = StateDirectory::take(folder.file("none"));
  REQUIRE_FALSE(taken.ok());
  CHECK(taken.error().code == ErrorCode::not_found);
  CHECK(taken.error().remedy.find("drawbridge init") != std::string::npos);
}

TEST_CASE("the state is where the caller says, else where the environment says") {
  setenv("DRAWBRIDGE_STATE", "/env/state", 1);
  CHECK(*find_state_directory("/chosen") == "/chosen");
  CHECK(*find_state_directory("") == "/env/state");
  unsetenv("DRAWBRIDGE_STATE");
}
