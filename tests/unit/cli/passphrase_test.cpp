#include "cli/passphrase.hpp"

#include <catch2/catch.hpp>

#include "cli/atomic_file.hpp"
#include "keys/key_file.hpp"
#include "tests/unit/cli/fake_daemon.hpp"

using namespace drawbridge;
using namespace drawbridge::cli;

namespace {

KeyFileSummary key_in(const std::string& state) {
  return inspect_key_file(read_file(state + "/key", largest_key_file)).take();
}

}  // namespace

TEST_CASE("init locks the key with the passphrase after the words, and the words bring the same identity back") {
  TemporaryDirectory base;
  std::string first = base / "first", second = base / "second";
  Ran made = run_cli(first, {"init", "--passphrase", "--json"}, "a few words\n");
  REQUIRE(made.exit == 0);
  CHECK(key_in(first).locked);
  CHECK(made.out.find("a few words") == std::string::npos);
  auto key = parse_key_file(read_file(first + "/key", largest_key_file), "a few words");
  REQUIRE(key.ok());
  std::string words;
  for (auto word : key->phrase().words()) words += std::string(word) + " ";
  REQUIRE(run_cli(second, {"init", "--restore", "--passphrase"}, words + "\nothers\n").exit == 0);
  auto restored = parse_key_file(read_file(second + "/key", largest_key_file), "others");
  REQUIRE(restored.ok());
  CHECK(restored->seed == key->seed);
}

TEST_CASE("no passphrase, and one that is too long, make no key") {
  TemporaryDirectory base;
  for (const std::string& typed : {std::string("\n"), std::string(), std::string(1025, 'x')}) {
    Ran ran = run_cli(base / "state", {"init", "--passphrase"}, typed);
    CHECK(ran.exit == 1);
    CHECK_FALSE(std::filesystem::exists(base / "state" + "/key"));
  }
}
