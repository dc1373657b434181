#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/atomic_file.hpp"
#include "cli/text_width.hpp"
#include "cli/word_columns.hpp"
#include "keys/key_derivation.hpp"
#include "keys/key_file.hpp"
#include "tests/unit/cli/fake_daemon.hpp"

using namespace drawbridge;
using namespace drawbridge::cli;
using Json = nlohmann::json;

namespace {

std::string joined(const Json& words) {
  std::string text;
  for (const auto& word : words) text += word.get<std::string>() + " ";
  return text;
}

unsigned mode_of(const std::string& path) {
  struct stat found {};
  return stat(path.c_str(), &found) == 0 ? found.st_mode & 07777 : 0;
}

}  // namespace

TEST_CASE("init makes an identity that belongs to the words it shows") {
  TemporaryDirectory base;
  std::string state = base / "parent/state", language = GENERATE("en", "fr", "es");
  Ran ran = run_cli(state, {"init", "--name", "Cabinet Lefèvre", "--language", language, "--json"});
  REQUIRE(ran.exit == 0);
  Json json = Json::parse(ran.out);
  CHECK(json["words"].size() == 24);
  auto key = parse_key_file(read_file(state + "/key", largest_key_file));
  REQUIRE(key.ok());
  CHECK(to_text(derive_identity(key->seed).id) == json["id"]);
  auto phrase = parse_seed_phrase(joined(json["words"]));
  REQUIRE(phrase.ok());
  CHECK(equal(phrase->entropy(), key->entropy.reveal()));
  CHECK(to_string(read_file(state + "/name", 100)) == "Cabinet Lefèvre\n");
}

TEST_CASE("the state folder and the key are the owner's only, and nothing else is left there") {
  TemporaryDirectory base;
  std::string state = base / "state";
  REQUIRE(run_cli(state, {"init"}).exit == 0);
  CHECK(mode_of(state) == 0700);
  CHECK(mode_of(state + "/key") == 0600);
  size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(state)) ++files;
  CHECK(files == 2);
}

TEST_CASE("an existing identity is never overwritten") {
  TemporaryDirectory state;
  REQUIRE(run_cli(state.path(), {"init"}).exit == 0);
  Bytes before = read_file(state / "key", largest_key_file);
  Ran again = run_cli(state.path(), {"init", "--json"});
  CHECK(again.exit == 1);
  CHECK(Json::parse(again.out)["error"]["code"] == "already_exists");
  CHECK(run_cli(state.path(), {"init", "--restore"}, "anything").exit == 1);
  CHECK(read_file(state / "key", largest_key_file) == before);
}

TEST_CASE("the words bring the same identity back, however they are typed") {
  TemporaryDirectory base;
  Json first = Json::parse(run_cli(base / "first", {"init", "--json"}).out);
  std::string numbered;
  for (size_t i = 0; i < 24; ++i)
    numbered += std::to_string(i + 1) + ". " + first["words"][i].get<std::string>() + (i % 4 == 3 ? "\n" : "  ");
  Ran restored = run_cli(base / "second", {"init", "--restore", "--json"}, numbered);
  REQUIRE(restored.exit == 0);
  Json second = Json::parse(restored.out);
  CHECK(second["id"] == first["id"]);
  CHECK(second["words"].is_null());
  std::transform(numbered.begin(), numbered.end(), numbered.begin(), ::toupper);
  CHECK(Json::parse(run_cli(base / "third", {"init", "--restore", "--json"}, numbered).out)["id"] == first["id"]);
}

TEST_CASE("wrong, too few and no words are refused in words and leave no identity") {
  TemporaryDirectory base;
  Json first = Json::parse(run_cli(base / "first", {"init", "--json"}).out);
  std::string text = joined(first["words"]), misspelt = "xyzzyx" + text.substr(text.find(' '));
  for (const std::string& input : {std::string(), std::string("abandon"), misspelt, text.substr(text.find(' '))}) {
    Ran ran = run_cli(base / "second", {"init", "--restore", "--json"}, input);
    CHECK(ran.exit == 1);
    CHECK(Json::parse(ran.out)["error"]["code"] == "malformed");
    CHECK_FALSE(std::filesystem::exists(base / "second/key"));
  }
}

TEST_CASE("people see 24 numbered words once, with what to do") {
  TemporaryDirectory base;
  Ran ran = run_cli(base / "state", {"init"});
  CHECK_THAT(ran.out, Catch::Contains("Write these 24 words on paper") && Catch::Contains(" 1 ") &&
                          Catch::Contains("24 ") && Catch::Contains("drawbridged --state"));
  CHECK(ran.err.empty());
}

TEST_CASE("a folder that others may enter is refused unless it is empty") {
  TemporaryDirectory base;
  std::string open_folder = base / "open";
  std::filesystem::create_directory(open_folder);
  chmod(open_folder.c_str(), 0755);
  CHECK(run_cli(open_folder, {"init"}).exit == 0);
  CHECK(mode_of(open_folder) == 0700);
  chmod(base.path().c_str(), 0755);
  Ran ran = run_cli(base.path(), {"init", "--json"});
  CHECK(ran.exit == 1);
  CHECK(Json::parse(ran.out)["error"]["code"] == "not_allowed");
}

TEST_CASE("names that cannot be shown are refused") {
  TemporaryDirectory base;
  for (const std::string& name : {std::string("two\nlines"), std::string(65, 'x'), std::string("\xff")}) {
    CHECK(run_cli(base / "state", {"init", "--name", name}).exit == 1);
  }
}

TEST_CASE("word columns run downwards and line up, with accents composed") {
  std::vector<std::string_view> words(24, "abri");
  words[0] = "e\xcc\x81lan";  // e and a combining acute accent
  auto lines = word_columns(words, 80);
  REQUIRE(lines.size() == 6);
  CHECK(lines[0].find("\xc3\xa9lan") != std::string::npos);
  CHECK(lines[0].find("19 ") != std::string::npos);
  CHECK(display_width(lines[0]) == display_width(lines[1]));
  CHECK(word_columns(words, 20).size() == 24);
}
