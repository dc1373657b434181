// The release of the phone's page that a computer has.
#include "daemon/relay/phone_release.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/unit/daemon/temporary_folder.hpp"

using namespace drawbridge;

TEST_CASE("the release of the phone's page is read from its list") {
  TemporaryFolder folder;
  std::string hash(64, 'a');
  std::ofstream(folder.file("release.json")) << R"({"release":")" << hash << R"(","files":{}})";
  CHECK(phone_release(folder.file("")) == hash);
}

TEST_CASE("a list that is none has no release") {
  TemporaryFolder folder;
  CHECK(phone_release(folder.file("none")).empty());
  for (const char* text : {"", "{", "[]", "{}", R"({"release":1})", R"({"release":"<b>"})", R"({"release":"ABC"})"}) {
    CAPTURE(text);
    std::ofstream(folder.file("release.json")) << text;
    CHECK(phone_release(folder.file("")).empty());
  }
}
