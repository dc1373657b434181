// What people read about the way to an office, on terminals of any width.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/unit/cli/fake_daemon.hpp"

using namespace drawbridge;
using namespace drawbridge::cli;
using admin::Value;

namespace {

struct Computer {
  TemporaryDirectory state;
  FakeDaemon daemon{state.path()};
  Ran run(std::vector<std::string> arguments, Terminal terminal = {}) { return run_cli(state.path(), std::move(arguments), "", terminal); }
};

Terminal narrow() {
  Terminal terminal;
  terminal.interactive = true;
  terminal.columns = 40;
  return terminal;
}

Value path(double loss) {
  return Value::map({{"kind", "relayed"}, {"remote", nullptr}, {"relay", "udp://relay.example#key"}, {"rtt_ms", 31.25}, {"loss", loss}});
}

Value why_document() {
  return Value::map({{"id", "k3v90fx-8m2qz7p-aaaaaaa"},
                     {"name", "Cabinet"},
                     {"cause", "relayed_udp_blocked_here"},
                     {"sentence", "Connected through a relay, because this network lets only web traffic out."},
                     {"remedy", "Another network would be faster."},
                     {"path", path(0.125)}});
}

Value words(const char* code, const char* sentence) {
  return Value::map({{"code", code}, {"sentence", sentence}, {"remedy", nullptr}});
}

Value netcheck_document(const char* mapping, Value udp) {
  Value relay = Value::map({{"url", "udp://relay.example#key"}, {"state", "ready"}, {"transport", "udp"}, {"rtt_ms", 12.5}, {"observed", "203.0.113.7:41000"}});
  Value lost = Value::map({{"url", "wss://other.example#key"}, {"state", "silent"}, {"transport", nullptr}, {"rtt_ms", nullptr}, {"observed", nullptr}});
  Value router = Value::map({{"gateway", "192.168.1.1"}, {"protocol", "upnp"}, {"state", "refused"}, {"external", nullptr}, {"cause", "It says no."}});
  return Value::map({{"verdict", words("everything", "This network lets everything out.")},
                     {"udp", std::move(udp)},
                     {"addresses", Value::array({"192.168.1.5:7470"})},
                     {"global_ipv6", false},
                     {"mapping", mapping},
                     {"relays", Value::array({relay, lost})},
                     {"gateways", Value::array({router})},
                     {"proxy", "http://proxy.example:3128"},
                     {"fixed", Value::array()}});
}

Value transition(const char* at, Value kind, const char* remote, const char* reason) {
  return Value::map({{"at", at}, {"kind", std::move(kind)}, {"remote", remote}, {"relay", nullptr}, {"reason", reason}});
}

Value status_document() {
  Value peer = Value::map({{"id", "k3v90fx-8m2qz7p-aaaaaaa"},
                           {"name", "Cabinet"},
                           {"role", "office"},
                           {"state", "connecting"},
                           {"path", nullptr},
                           {"cause", "This computer has no network, and this sentence is a long one."},
                           {"transitions", Value::array({transition("2025-03-01T09:30:07.000Z", "direct", "192.0.2.7:41000", "first"),
                                                         transition("2025-03-01T09:31:00.000Z", nullptr, "", "silent")})},
                           {"since", "2025-03-01T09:31:00.000Z"}});
  Value address = Value::map({{"address", "office.example:7470"}, {"found", Value::array({"203.0.113.7:7470"})}, {"cause", nullptr}});
  return Value::map({{"node", Value::map({{"id", "aaaaaaa-bbbbbbb-ccccccc"}, {"name", "laptop"}, {"listen", Value::array()}})},
                     {"peers", Value::array({peer})},
                     {"reach", words("open", "Devices can reach this office directly from everywhere.")},
                     {"addresses", Value::array({address})},
                     {"services", Value::array()},
                     {"invitations", Value::array()}});
}

size_t widest_line(const std::string& text) {
  std::istringstream lines(text);
  size_t widest = 0;
  for (std::string line; std::getline(lines, line);) widest = std::max(widest, line.size());
  return widest;
}

}  // namespace

TEST_CASE("why tells the cause, the path with its loss, and what helps") {
  Computer computer;
  computer.daemon.answer("why", {why_document()});
  Ran ran = computer.run({"why", "Cabinet"});
  CHECK(ran.out ==
        "Cabinet: Connected through a relay, because this network lets only web traffic out.\n"
        "relayed by udp://relay.example, 31.2 ms, 12 % lost\n"
        "\n"
        "What helps: Another network would be faster.\n");
}

TEST_CASE("on a narrow terminal sentences end where it ends") {
  Computer computer;
  computer.daemon.answer("why", {why_document()}).answer("netcheck", {netcheck_document("unknown", nullptr)});
  CHECK(widest_line(computer.run({"why", "Cabinet"}, narrow()).out) <= 50);  // the path has no spaces to break at
  CHECK(widest_line(computer.run({"netcheck"}, narrow()).out) <= 40);
}

TEST_CASE("netcheck tells each measurement in words") {
  Computer computer;
  computer.daemon.answer("netcheck", {netcheck_document("random", true)}).answer("netcheck", {netcheck_document("endpoint_independent", nullptr)});
  std::string out = computer.run({"netcheck"}).out;
  for (const char* line : {"This network lets everything out.\n", "This computer: 192.168.1.5:7470\n", "UDP gets out: yes\n", "IPv6 to the internet: no\n",
                           "Way back: the router changes the way back with every destination\n",
                           "Relay udp://relay.example: answers by UDP in 12.5 ms, sees this computer at 203.0.113.7:41000\n",
                           "Relay wss://other.example: no answer\n", "Router 192.168.1.1: opens no port. It says no.\n",
                           "Proxy for relays that speak WebSocket: http://proxy.example:3128\n"})
    CHECK_THAT(out, Catch::Contains(line));
  CHECK_THAT(computer.run({"netcheck"}).out, Catch::Contains("UDP gets out: not known\n"));
}

TEST_CASE("a cause stands below the table of peers, and addresses and reach above it") {
  Computer computer;
  computer.daemon.answer("status", {status_document()});
  std::string out = computer.run({"status"}).out;
  CHECK_THAT(out, Catch::Contains("Fixed address office.example:7470, now 203.0.113.7:7470\nDevices can reach this office directly from everywhere.\n"));
  CHECK(out.find("NAME") < out.find("Cabinet: This computer has no network"));
}

TEST_CASE("a watched status lists changes of paths with their times and reasons") {
  Computer computer;
  computer.daemon.answer("status", {status_document()});
  std::string out = computer.run({"status", "--watch"}).out;
  CHECK_THAT(out, Catch::Contains("Cabinet: direct, 192.0.2.7:41000 (the first that answered)\n"));
  CHECK_THAT(out, Catch::Contains("Cabinet: no path (no answer by the one before)\n"));
  CHECK_THAT(out, Catch::Matches("(?:.|\n)*\\d\\d:\\d\\d:07  Cabinet(?:.|\n)*"));
}

TEST_CASE("a dump is JSON for people to send on, indented, and on one line for programs") {
  Computer computer;
  Value dump = Value::map({{"version", "1"}, {"peers", Value::array()}});
  computer.daemon.answer("debug.dump", {dump}).answer("debug.dump", {dump});
  CHECK(computer.run({"debug", "dump"}).out == "{\n  \"version\": \"1\",\n  \"peers\": []\n}\n");
  CHECK(computer.run({"debug", "dump", "--json"}).out == "{\"version\":\"1\",\"peers\":[]}\n");
}
