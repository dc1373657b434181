#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/unit/cli/fake_daemon.hpp"

using namespace drawbridge;
using namespace drawbridge::cli;
using admin::Value;
using Json = nlohmann::json;

namespace {

struct Office {
  TemporaryDirectory state;
  FakeDaemon daemon{state.path()};
  Ran run(std::vector<std::string> arguments) { return run_cli(state.path(), std::move(arguments)); }
};

Value device(const char* name, const char* state = "offline") {
  return Value::map({{"id", "k3v90fx-8m2qz7p-aaaaaaa"},
                     {"name", name},
                     {"grants", Value::array({"files"})},
                     {"until", nullptr},
                     {"state", state},
                     {"last_seen", nullptr},
                     {"last_refusal", nullptr},
                     {"revoked_at", nullptr},
                     {"grants_until", Value::map()}});
}

Value status_document() {
  Value path = Value::map({{"kind", "direct"}, {"remote", "192.0.2.7:41000"}, {"relay", nullptr}, {"rtt_ms", 12.5}});
  Value peer = Value::map({{"id", "k3v90fx-8m2qz7p-aaaaaaa"},
                           {"name", "laptop"},
                           {"role", "device"},
                           {"state", "connected"},
                           {"echo_age_ms", 3},
                           {"path", path},
                           {"cause", nullptr},
                           {"since", "2025-03-01T09:30:00.000Z"}});
  Value node = Value::map(
      {{"id", "aaaaaaa-bbbbbbb-ccccccc"}, {"name", "Cabinet"}, {"listen", Value::array({"udp://0.0.0.0:7470"})}});
  return Value::map(
      {{"node", node}, {"peers", Value::array({peer})}, {"services", Value::array()}, {"invitations", Value::array()}});
}

}  // namespace

TEST_CASE("without a daemon every command says so and exits with 3") {
  TemporaryDirectory state;
  Ran people = run_cli(state.path(), {"status"});
  CHECK(people.exit == 3);
  CHECK(people.out.empty());
  CHECK_THAT(people.err, Catch::Contains("not running"));
  Ran program = run_cli(state.path(), {"services", "--json"});
  CHECK(program.exit == 3);
  CHECK(Json::parse(program.out)["error"]["code"] == "daemon_not_running");
  CHECK(program.err.empty());
}

TEST_CASE("a state directory with a very long path is reached") {
  TemporaryDirectory base;
  std::string deep = base.path() + "/" + std::string(120, 'd');
  std::filesystem::create_directory(deep);
  CHECK(run_cli(deep, {"status"}).exit == 3);
}

TEST_CASE("what the command line does not understand exits with 2") {
  TemporaryDirectory state;
  for (std::vector<std::string> arguments :
       std::vector<std::vector<std::string>>{{"nonsense"},
                                             {"status", "--nonsense"},
                                             {"revoke"},
                                             {"audit"},
                                             {"why"},
                                             {"address"},
                                             {"address", "add"},
                                             {"debug"},
                                             {"audit", "prune"},
                                             {"wait", "--ready", "--paired"},
                                             {"pair", "--qr", "png"},
                                             {"join"},
                                             {"connect", "a", "--stdio", "--listen", "b"}}) {
    CAPTURE(arguments);
    Ran ran = run_cli(state.path(), arguments);
    CHECK(ran.exit == 2);
    CHECK_FALSE(ran.err.empty());
    arguments.push_back("--json");
    CHECK(Json::parse(run_cli(state.path(), arguments).out)["error"]["code"] == "usage");
  }
}

TEST_CASE("a usage error names the unknown command, or what the known one lacks and where its help is") {
  TemporaryDirectory state;
  CHECK(run_cli(state.path(), {"frobnicate", "office"}).err == "There is no command “frobnicate”.\nSee drawbridge --help.\n");
  CHECK(run_cli(state.path(), {"devices", "forget"}).err ==
        "DEVICE is required.\nSee drawbridge devices forget --help.\n");
}

TEST_CASE("--json prints the daemon's document and nothing else") {
  Office office;
  office.daemon.answer("status", {status_document()});
  Ran ran = office.run({"status", "--json"});
  CHECK(ran.exit == 0);
  CHECK(ran.err.empty());
  Json json = Json::parse(ran.out);
  CHECK(json["peers"][0]["path"]["rtt_ms"] == 12.5);
  CHECK(json["peers"][0]["cause"].is_null());
  CHECK(ran.out.find('\n') == ran.out.size() - 1);
  CHECK(office.daemon.all_answered());
}

TEST_CASE("status tells people the peer, its path and the round trip") {
  Office office;
  office.daemon.answer("status", {status_document()});
  Ran ran = office.run({"status"});
  CHECK(ran.exit == 0);
  CHECK_THAT(ran.out, Catch::Contains("laptop") && Catch::Contains("connected") &&
                          Catch::Contains("direct, 192.0.2.7:41000, 12.5 ms"));
  CHECK(ran.out.find('\x1b') == std::string::npos);
}

TEST_CASE("status --watch prints one JSON line for each change") {
  Office office;
  office.daemon.answer("status", {status_document(), status_document(), status_document()});
  Ran ran = office.run({"status", "--watch", "--json"});
  CHECK(std::count(ran.out.begin(), ran.out.end(), '\n') == 3);
  CHECK(office.daemon.last_args().flag("watch"));
}

TEST_CASE("a refusal of the daemon is a sentence and a remedy with exit code 1") {
  Office office;
  Error error{ErrorCode::not_found, "There is no device “phone”.", "See drawbridge devices."};
  office.daemon.refuse("revoke", error).refuse("revoke", error);
  Ran people = office.run({"revoke", "phone"});
  CHECK(people.exit == 1);
  CHECK(people.err == "There is no device “phone”.\nSee drawbridge devices.\n");
  Ran program = office.run({"revoke", "phone", "--json"});
  CHECK(program.exit == 1);
  CHECK(Json::parse(program.out)["error"] ==
        Json({{"code", "not_found"}, {"message", error.message}, {"remedy", error.remedy}}));
}

TEST_CASE("a daemon that goes away before it answers is a failure, not a hang") {
  Office office;
  office.daemon.hang_up("status");
  Ran ran = office.run({"status", "--json"});
  CHECK(ran.exit == 1);
  CHECK(Json::parse(ran.out)["error"]["code"] == "closed");
}

TEST_CASE("grants carry their services and the end of the last day") {
  Office office;
  office.daemon.answer("allow", {device("laptop")});
  Ran ran = office.run({"allow", "laptop", "files", "db", "--until", "2031-05-04T12:00Z"});
  CHECK(ran.exit == 0);
  Value args = office.daemon.last_args();
  CHECK(args.text("device") == "laptop");
  CHECK(args.items("services") == Value::Array{"files", "db"});
  CHECK(args.text("until") == "2031-05-04T12:00:00.000Z");
  CHECK_THAT(ran.out, Catch::Contains("laptop may reach: files"));
}

TEST_CASE("devices and its subcommands ask for different things") {
  Office office;
  office.daemon.answer("devices", {Value::array({device("laptop", "revoked")})});
  office.daemon.answer("devices.forget", {device("laptop")});
  office.daemon.answer("devices.reset_counter", {device("laptop")});
  CHECK_THAT(office.run({"devices"}).out, Catch::Contains("revoked") && Catch::Contains("never"));
  CHECK(office.run({"devices", "forget", "laptop"}).exit == 0);
  CHECK(office.run({"devices", "reset-counter", "laptop"}).exit == 0);
  CHECK(office.daemon.all_answered());
}

TEST_CASE("expose makes relative folders absolute and leaves other targets alone") {
  Office office;
  office.daemon.answer("expose", {Value::map({{"state", "ready"}})})
      .answer("expose", {Value::map({{"state", "ready"}})});
  office.run({"expose", "files", "folder:some/../folder"});
  CHECK(office.daemon.last_args().text("target") == "folder:" + (std::filesystem::current_path() / "folder").string());
  office.run({"expose", "db", "localhost:5432"});
  CHECK(office.daemon.last_args().text("target") == "localhost:5432");
}

TEST_CASE("a service or device may be called like a command") {
  Office office;
  office.daemon.answer("expose", {Value::map({{"state", "ready"}})});
  CHECK(office.run({"expose", "status", "localhost:1"}).exit == 0);
  CHECK(office.daemon.last_args().text("name") == "status");
}

TEST_CASE("wait returns as soon as the daemon says so, and 4 when the time is over") {
  Office office;
  office.daemon.answer("wait", {Value::map({{"for", "connected"}, {"id", "x"}, {"name", "Cabinet"}})});
  Ran ran = office.run({"wait", "--connected", "Cabinet"});
  CHECK(ran.exit == 0);
  CHECK(office.daemon.last_args() == Value::map({{"for", "connected"}, {"office", "Cabinet"}}));
  TemporaryDirectory nobody;
  Ran late = run_cli(nobody.path(), {"wait", "--ready", "--timeout", "1s", "--json"});
  CHECK(late.exit == 4);
  CHECK(Json::parse(late.out)["error"]["code"] == "timed_out");
}

TEST_CASE("wait goes on through a restart of the daemon") {
  Office office;
  office.daemon.hang_up("wait").answer("wait", {Value::map({{"for", "ready"}, {"id", "x"}, {"name", "Cabinet"}})});
  CHECK(office.run({"wait", "--ready"}).exit == 0);
  CHECK(office.daemon.all_answered());
}

TEST_CASE("wait --ready waits for a daemon that is not there yet, in a folder that is not there yet") {
  TemporaryDirectory base;
  std::string state = base / "later";
  std::unique_ptr<FakeDaemon> daemon;
  std::thread starter([&] {
    std::string aside = base / "aside";
    std::filesystem::create_directory(aside);
    daemon = std::make_unique<FakeDaemon>(aside);
    daemon->answer("wait", {Value::map({{"for", "ready"}, {"id", "x"}, {"name", "Cabinet"}})});
    std::filesystem::rename(aside, state);
  });
  Ran ran = run_cli(state, {"wait", "--ready"});
  starter.join();
  CHECK(ran.exit == 0);
}

TEST_CASE("audit show prints one JSON record a line across batches") {
  Office office;
  auto record = [](int seq) {
    return Value::map(
        {{"seq", seq}, {"time", "2025-03-01T09:30:00.000Z"}, {"type", "paired"}, {"device", nullptr}, {"hash", "00"}});
  };
  office.daemon.answer("audit.show", {Value::array({record(1), record(2)}), Value::array({record(3)})});
  Ran ran = office.run({"audit", "show", "--json", "--from", "2025-03-01T00:00Z"});
  CHECK(std::count(ran.out.begin(), ran.out.end(), '\n') == 3);
  CHECK(Json::parse(ran.out.substr(0, ran.out.find('\n')))["seq"] == 1);
  CHECK(office.daemon.last_args().text("from") == "2025-03-01T00:00:00.000Z");
}

TEST_CASE("audit verify fails where the chain is broken") {
  Office office;
  office.daemon.answer("audit.verify", {Value::map({{"ok", true}, {"records", 7}})});
  office.daemon.answer("audit.verify", {Value::map({{"ok", false}, {"records", 7}, {"broken_at", 4}})});
  CHECK(office.run({"audit", "verify"}).exit == 0);
  Ran broken = office.run({"audit", "verify"});
  CHECK(broken.exit == 1);
  CHECK_THAT(broken.err, Catch::Contains("number 4"));
}

TEST_CASE("audit verify says what was pruned, and which noted heads nobody can judge any more") {
  Office office;
  Value checkpoint = Value::map({{"seq", 40}, {"hash", "ab"}, {"until", "2025-03-01T09:30:00.000Z"}, {"time", "2025-04-01T09:30:00.000Z"}, {"signature", "cd"}});
  office.daemon.answer("audit.verify", {Value::map({{"ok", true}, {"records", 7}, {"checkpoint", checkpoint}, {"pruned_heads", Value::array({17})}})});
  Ran ran = office.run({"audit", "verify", "--head", "17:00"});
  CHECK(ran.exit == 0);
  CHECK_THAT(ran.out, Catch::Contains("All 7 records"));
  CHECK_THAT(ran.out, Catch::Contains("up to number 40"));
  CHECK_THAT(ran.out, Catch::Contains("head 17 is of a record that was pruned"));
}

TEST_CASE("audit prune hands on the date and says what stands for the records") {
  Office office;
  office.daemon.answer("audit.prune", {Value::map({{"pruned", 40}, {"checkpoint", Value::map({{"seq", 40}, {"hash", "ab"}})}})});
  Ran ran = office.run({"audit", "prune", "--before", "2025-03-01T00:00Z"});
  CHECK(ran.exit == 0);
  CHECK(ran.out == "40 records were pruned. A signed checkpoint stands for them: record 40, ab.\n");
  CHECK(office.daemon.last_args().text("before") == "2025-03-01T00:00:00.000Z");
}

TEST_CASE("a backup is written for its owner only and comes back byte for byte") {
  Office office;
  Bytes content{0, 1, 2, 0xff, 0};
  office.daemon.answer("backup", {Value::map({{"content", content}, {"created_at", "2025-03-01T09:30:00.000Z"}})});
  office.daemon.answer("restore", {Value::map({{"devices", 1}, {"offices", 0}, {"services", 2}, {"revocations", 0}})});
  std::string file = office.state / "backup";
  CHECK(Json::parse(office.run({"backup", file, "--json"}).out)["bytes"] == 5);
  CHECK((std::filesystem::status(file).permissions() & std::filesystem::perms::all) ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  CHECK(office.run({"restore", file}).exit == 0);
  CHECK(*office.daemon.last_args().find("content")->as_bytes() == content);
  CHECK(office.run({"restore", office.state / "absent"}).exit == 1);
}

TEST_CASE("ping reports the round trip of a fresh echo") {
  Office office;
  office.daemon.answer("ping", {Value::map({{"id", "x"}, {"name", "Cabinet"}, {"rtt_ms", 0.42}, {"path", nullptr}})});
  CHECK(office.run({"ping", "Cabinet"}).out == "Cabinet answered in 0.42 ms.\n");
}
