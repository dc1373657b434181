#include "daemon/config.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/unit/daemon/temporary_folder.hpp"

using namespace drawbridge;

namespace {

Error error_of(const std::string& text) {
  return parse_config(text, "/etc/bridge.toml").error();
}

}  // namespace

TEST_CASE("every setting is read") {
  auto config = parse_config(R"(
listen = ["127.0.0.1:7000", "[::1]:0"]
local_users = ["ann", "bob"]
congestion = "cubic"
log = "json"
log_level = "warning"
passphrase_file = "/run/secret"
gateway_port = 9000
)",
                             "f")
                    .take();
  REQUIRE(config.listen.size() == 2);
  CHECK(to_text(config.listen[1]) == "[::1]:0");
  CHECK(config.local_users == std::vector<std::string>{"ann", "bob"});
  CHECK(config.cubic);
  CHECK(config.log == LogFormat::json);
  CHECK(config.log_level == LogLevel::warning);
  CHECK(config.passphrase_file == "/run/secret");
  CHECK(config.gateway_port == 9000);
}

TEST_CASE("the phone's page is named by its origin alone") {
  CHECK(parse_config("[network]\nphone_page = \"https://shell.bridge.example\"\n", "f").take().phone_page == "https://shell.bridge.example");
  for (const char* wrong : {"", "shell.bridge.example", "https://shell.bridge.example/", "http://shell.bridge.example", "https://a b", "ftp://x"}) {
    CAPTURE(wrong);
    CHECK(error_of(std::string("[network]\nphone_page = \"") + wrong + "\"\n").message.find("no address of a phone's page") != std::string::npos);
  }
}

TEST_CASE("a proxy is read, switched off by an empty text, and not repeated where it is wrong") {
  auto config = parse_config("[network]\nproxy = \"http://ann:secret@proxy:3128\"\n", "f").take();
  REQUIRE(config.proxy);
  CHECK(config.proxy->host == "proxy");
  CHECK(config.proxy->password == "secret");
  CHECK_FALSE(config.no_proxy);
  CHECK(parse_config("[network]\nproxy = \"\"\n", "f").take().no_proxy);
  Error error = error_of("[network]\nproxy = \"ann:secret@proxy\"\n");
  CHECK(error.message.find("/etc/bridge.toml:2:9: ") == 0);
  CHECK((error.message + error.remedy).find("secret") == std::string::npos);
  CHECK(error_of("network = 1").message.find("a table") != std::string::npos);
  CHECK(error_of("[network]\nproxi = 1").message.find("no setting 'proxi'") != std::string::npos);
  CHECK(error_of("[network]\nproxy = 1").message.find("A text") != std::string::npos);
}

TEST_CASE("an empty file means the defaults") {
  auto config = parse_config("", "f").take();
  CHECK(config.listen.empty());
  CHECK_FALSE(config.cubic);
}

TEST_CASE("a broken line is named with file, line and column") {
  Error error = error_of("log = \"json\"\nlisten = [\"127.0.0.1:1\"\nlog_level = 3\n");
  CHECK(error.message.find("/etc/bridge.toml:3:") == 0);
}

TEST_CASE("an unknown setting is refused where it stands and the nearest known one proposed") {
  Error error = error_of("\nlog = \"json\"\n  lisen = []\n");
  CHECK(error.message.find("/etc/bridge.toml:3:3: There is no setting 'lisen'") == 0);
  CHECK(error.remedy == "Did you mean 'listen'?");
  CHECK(error_of("frobnicate = 1").remedy.find("The settings are: congestion") == 0);
}

TEST_CASE("a value of the wrong kind is refused with the form that is expected") {
  CHECK(error_of("gateway_port = \"8300\"").message.find("A port") != std::string::npos);
  CHECK(error_of("gateway_port = 70000").message.find("A port") != std::string::npos);
  CHECK(error_of("listen = \"127.0.0.1:1\"").message.find(":1:10: A list") != std::string::npos);
  CHECK(error_of("listen = [\"127.0.0.1:1\", 5]").message.find(":1:26: A text") != std::string::npos);
  CHECK(error_of("listen = [\"here\"]").message.find(":1:11: 'here' is not an address") != std::string::npos);
  CHECK(error_of("log = \"xml\"").remedy == "Write \"human\" or \"json\".");
  CHECK(error_of("[log]\nformat = \"json\"").message.find(":1:1:") != std::string::npos);
}

namespace {

// The names behind ".It MACRO" in the manual page.
std::set<std::string> described(const std::string& macro) {
  std::ifstream file(DRAWBRIDGE_SOURCE_DIR "/docs/man/drawbridge.toml.5");
  std::set<std::string> names;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string item, kind, name;
    if (words >> item >> kind >> name && item == ".It" && kind == macro) names.insert(name);
  }
  return names;
}

// Those that an error lists: "The settings are: a, b, c."
std::set<std::string> listed(const std::string& remedy) {
  std::istringstream words(remedy.substr(remedy.find(':') + 1));
  std::set<std::string> names;
  for (std::string name; words >> name;) names.insert(name.substr(0, name.find_first_of(",.")));
  return names;
}

}  // namespace

TEST_CASE("the manual page describes every setting that the parser knows, and no other") {
  auto known = listed(error_of("frobnicate = 1").remedy), of_relays = listed(error_of("[relay]\nfrobnicate = 1").remedy);
  CHECK(known.size() >= 7);
  CHECK(described("Ic") == known);
  CHECK(of_relays.size() >= 20);
  CHECK(described("Li") == of_relays);
}

TEST_CASE("a file that is not there is a sentence with its name") {
  auto config = read_config("/nonexistent/bridge.toml");
  REQUIRE_FALSE(config.ok());
  CHECK(config.error().code == ErrorCode::not_found);
  CHECK(config.error().message.find("/nonexistent/bridge.toml") != std::string::npos);
}

TEST_CASE("a table's name that does not begin as a name is an error with its place, not the end of the process") {
  for (const char* text : {"[=relay]\n", "[!", "[[=a]]", "a.=1", "[relay.]"}) {
    INFO(text);
    auto config = parse_config(text, "config.toml");
    REQUIRE_FALSE(config);
    CHECK(config.error().message.find("config.toml:1:") == 0);
  }
}

TEST_CASE("what is no file, or longer than any configuration, is refused in a sentence") {
  TemporaryFolder folder;
  std::string path = folder.file("config.toml");
  auto code = [&] {
    auto config = read_config(path);
    return config ? std::optional<ErrorCode>() : std::optional(config.error().code);
  };
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  CHECK(code() == ErrorCode::invalid_argument);  // and nobody waits for its other end
  std::filesystem::remove(path);
  std::filesystem::create_symlink("/dev/zero", path);
  CHECK(code() == ErrorCode::invalid_argument);
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  CHECK(code() == ErrorCode::invalid_argument);
  std::filesystem::remove(path);
  std::filesystem::create_symlink(path, path);
  CHECK(code() == ErrorCode::io);
  std::filesystem::remove(path);
  // A name with so many parts ends the parser's stack.
  std::string deep;
  for (int i = 0; i < 200'000; ++i) deep += "a.";
  std::ofstream(path) << deep << "b = 1\n";
  CHECK(code() == ErrorCode::limit);
  std::ofstream(path) << "\n" << deep.substr(0, 64 * 1024 - 7) << "b = 1\n";
  auto refused = read_config(path);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == path + ":2: This line is no setting: it has more than 1000 dots.");
  std::ofstream(path) << deep.substr(0, 2 * 1'000) << "b = 1\n";  // so deep it is read
  CHECK(code() == ErrorCode::invalid_argument);
  std::ofstream(path) << "port_mapping = false\n";
  CHECK_FALSE(code());
}
