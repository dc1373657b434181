#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/atomic_file.hpp"
#include "cli/qr/image_reader.hpp"
#include "tests/unit/cli/fake_daemon.hpp"

using namespace drawbridge;
using namespace drawbridge::cli;
using admin::Value;

namespace {

const std::string the_link =
    "drawbridge:#AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4_QEFCQ0RF";

Value created(const char* event = nullptr) {
  Value document;
  if (event) document.set("event", event);
  return document.set("id", 4).set("link", the_link).set("code", nullptr).set("expires_at", "2035-03-01T09:30:00.000Z");
}

Value paired() {
  return Value::map(
      {{"event", "paired"}, {"device", Value::map({{"id", "k3v90fx-8m2qz7p-aaaaaaa"}, {"name", "laptop"}})}});
}

struct Office {
  TemporaryDirectory state;
  FakeDaemon daemon{state.path()};
  Ran run(std::vector<std::string> arguments, Terminal terminal = {}, const std::string& input = "") {
    return run_cli(state.path(), std::move(arguments), input, terminal);
  }
};

}  // namespace

TEST_CASE("pair --link-only prints the link and nothing else") {
  Office office;
  office.daemon.answer("pair", {created()});
  Ran ran = office.run({"pair", "--link-only", "--name", "laptop", "--allow", "files, db", "--expires", "2h"});
  CHECK(ran.exit == 0);
  CHECK(ran.out == the_link + "\n");
  CHECK(office.daemon.last_args() ==
        Value::map(
            {{"name", "laptop"}, {"allow", Value::array({"files", "db"})}, {"expires_ms", 7200000}, {"code", nullptr}, {"wait", false}}));
}

TEST_CASE("pair --json returns at once with the documented fields") {
  Office office;
  office.daemon.answer("pair", {created()});
  auto json = nlohmann::json::parse(office.run({"pair", "--json"}).out);
  CHECK(json["link"] == the_link);
  CHECK(json["code"].is_null());
  CHECK(json["expires_at"] == "2035-03-01T09:30:00.000Z");
}

TEST_CASE("pair waits, then names who joined and how to revoke") {
  Office office;
  Value claimed = Value::map({{"event", "claimed"}, {"device", Value::map({{"id", "k3v90fx"}, {"name", nullptr}})}});
  office.daemon.answer("pair", {created("created"), claimed, paired()});
  Ran ran = office.run({"pair"});
  CHECK(ran.exit == 0);
  CHECK_THAT(ran.out, Catch::Contains(the_link) && Catch::Contains("laptop joined (k3v90fx-8m2qz7p-aaaaaaa)") &&
                          Catch::Contains("drawbridge revoke"));
}

TEST_CASE("at the terminal pair offers to revoke whom the owner does not recognise") {
  Office office;
  Terminal terminal{.interactive = true, .progress = true, .colour = true, .columns = 200};
  office.daemon.answer("pair", {created("created"), paired()})
      .answer("revoke", {Value::map({{"id", "x"}, {"name", "laptop"}})});
  Ran ran = office.run({"pair"}, terminal, "revoke\n");
  CHECK_THAT(ran.out, Catch::Contains("laptop is revoked"));
  CHECK(office.daemon.last_args().text("device") == "k3v90fx-8m2qz7p-aaaaaaa");
}

TEST_CASE("an invitation that expires unused is a failure") {
  Office office;
  office.daemon.answer("pair", {created("created"), Value::map({{"event", "expired"}})});
  Ran ran = office.run({"pair"});
  CHECK(ran.exit == 1);
  CHECK_THAT(ran.err, Catch::Contains("expired"));
}

TEST_CASE("a window too narrow for the code is told how wide it must be") {
  Office office;
  office.daemon.answer("pair", {created("created"), Value::map({{"event", "expired"}})});
  Ran ran = office.run({"pair"}, Terminal{.interactive = true, .colour = true, .columns = 20});
  CHECK_THAT(ran.err, Catch::Contains("too narrow"));
  CHECK(ran.out.find("█") == std::string::npos);
}

TEST_CASE("join --from-image reads the picture that pair --output wrote") {
  Office office;
  std::string file = office.state / "code.png";
  office.daemon.answer("pair", {created()});
  Ran paired_at_once = office.run({"pair", "--json", "--qr", "png", "--output", file});
  CHECK(nlohmann::json::parse(paired_at_once.out)["file"] == file);
  office.daemon.answer(
      "join", {Value::map({{"office", Value::map({{"id", "x"}, {"name", "Cabinet"}})}, {"services", Value::array()}})});
  Ran joined = office.run({"join", "--from-image", file, "--name", "laptop"});
  CHECK(joined.exit == 0);
  CHECK(office.daemon.last_args() == Value::map({{"link", the_link}, {"name", "laptop"}}));
  CHECK_THAT(joined.out, Catch::Contains("connected with Cabinet"));
}

TEST_CASE("a picture without a code, a damaged one and none at all are refused without asking the daemon") {
  Office office;
  std::string text = office.state / "text.png";
  write_file_atomically(text, as_bytes("not a picture"), 0600, Existing::replace);
  CHECK(office.run({"join", "--from-image", text}).exit == 1);
  CHECK(office.run({"join", "--from-image", office.state / "absent.png"}).exit == 1);
  CHECK(office.daemon.seen().empty());
}

TEST_CASE("pair --code shows the words, tells of wrong ones, and gives a dead code up") {
  Office office;
  auto wrong = [](int left) { return Value::map({{"event", "wrong_words"}, {"tries_left", left}}); };
  office.daemon.answer("pair", {created("created").set("code", "7-forest-lamp"), wrong(2), wrong(1), wrong(0)})
      .answer("pair.cancel", {Value::map({{"id", 4}})});
  Ran ran = office.run({"pair", "--code"});
  CHECK(ran.exit == 1);
  CHECK_THAT(ran.out, Catch::Contains("drawbridge join 7-forest-lamp") && Catch::Contains("quantum") && !Catch::Contains(the_link));
  CHECK_THAT(ran.err, Catch::Contains("one try is left") && Catch::Contains("the code is dead"));
}
