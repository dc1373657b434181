#include "daemon/services/supervised_command.hpp"

#include <signal.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/unit/daemon/run_until.hpp"
#include "tests/unit/daemon/temporary_folder.hpp"

using namespace drawbridge;

namespace {

struct Office {
  TemporaryFolder folder;
  Loop loop;
  std::vector<std::string> lines, causes;
  int ready = 0;
  std::unique_ptr<SupervisedCommand> command;

  void supervise(const std::string& line) {
    SupervisedCommand::Settings settings;
    settings.service = "app";
    settings.command_line = line;
    settings.folder = folder.file("app");
    settings.first_pause = Duration(20ms);
    settings.longest_pause = Duration(40ms);
    command = std::make_unique<SupervisedCommand>(loop, settings,
                                                  SupervisedCommand::Callbacks{[this](const std::string& said) { lines.push_back(said); },
                                                                               [this](const std::string& cause) { causes.push_back(cause); },
                                                                               [this] { ++ready; }});
  }
  bool said(const std::string& line) {
    return run_until(loop, [&] { return std::find(lines.begin(), lines.end(), line) != lines.end(); });
  }
};

const std::string listens_at_port = "python3 -c 'import os,socket; s=socket.create_server((\"127.0.0.1\",int(os.environ[\"PORT\"])))\nwhile 1: s.accept()'";

}  // namespace

TEST_CASE("what a command says is heard line by line, with nothing that could steer a terminal") {
  Office office;
  office.supervise("printf 'one\\ntwo \\033[31mred\\033[0m\\r\\n\\nlast'");
  REQUIRE(office.said("last"));
  CHECK(office.lines[0] == "one");
  CHECK(office.lines[1] == "two  [31mred [0m");
}

TEST_CASE("a command that ends is started again, and its end is told with its last words") {
  Office office;
  office.supervise("sh -c 'echo broken; exit 3'");
  REQUIRE(run_until(office.loop, [&] { return office.causes.size() >= 3; }));
  CHECK(office.causes[0] == "The command ended with code 3; it said last: broken");
  CHECK(office.command->cause() == office.causes[0]);
}

TEST_CASE("a command that does not exist is told so") {
  Office office;
  office.supervise("no-such-program-here");
  REQUIRE(run_until(office.loop, [&] { return !office.causes.empty(); }));
  CHECK(office.causes[0].find("127") != std::string::npos);
}

TEST_CASE("connections wait until the command listens, and are led to where it does") {
  Office office;
  office.supervise(listens_at_port);
  std::optional<Result<Target>> found;
  office.command->when_ready(60s, [&](Result<Target> result) { found = std::move(result); });
  REQUIRE(run_until(office.loop, [&] { return found.has_value(); }));
  REQUIRE(found->ok());
  CHECK((*found)->kind == Target::Kind::tcp);
  CHECK(office.ready == 1);
  CHECK(office.command->cause().empty());
}

TEST_CASE("a command may listen at a Unix socket of its own folder") {
  Office office;
  office.supervise("python3 -c 'import os,socket; s=socket.socket(socket.AF_UNIX); s.bind(os.environ[\"DRAWBRIDGE_SOCKET\"]); s.listen()\nwhile 1: s.accept()'");
  std::optional<Result<Target>> found;
  office.command->when_ready(60s, [&](Result<Target> result) { found = std::move(result); });
  REQUIRE(run_until(office.loop, [&] { return found.has_value(); }));
  REQUIRE(found->ok());
  CHECK((*found)->kind == Target::Kind::unix_socket);
}

TEST_CASE("who waits for a command that does not listen is told so in time") {
  Office office;
  office.supervise("sleep 1000");
  std::optional<Result<Target>> found;
  office.command->when_ready(Duration(50ms), [&](Result<Target> result) { found = std::move(result); });
  REQUIRE(run_until(office.loop, [&] { return found.has_value(); }));
  REQUIRE_FALSE(found->ok());
  CHECK(found->error().message.find("does not listen") != std::string::npos);
}

TEST_CASE("a command sees what it needs and nothing of the daemon's") {
  setenv("CREDENTIALS_DIRECTORY", "/run/credentials/drawbridged", 1);
  setenv("DRAWBRIDGE_PASSPHRASE", "secret", 1);
  Office office;
  office.supervise("sh -c 'env; echo done'");
  REQUIRE(office.said("done"));
  unsetenv("CREDENTIALS_DIRECTORY");
  unsetenv("DRAWBRIDGE_PASSPHRASE");
  std::string all;
  for (const std::string& line : office.lines) all += line + "\n";
  CHECK(all.find("CREDENTIALS") == std::string::npos);
  CHECK(all.find("secret") == std::string::npos);
  CHECK(all.find("PORT=") != std::string::npos);
  CHECK(all.find("DRAWBRIDGE_SERVICE=app") != std::string::npos);
}

TEST_CASE("a command ends with its service, and what it has started, too") {
  Office office;
  office.supervise("sh -c 'sleep 1000 & echo $!; wait'");
  REQUIRE(run_until(office.loop, [&] { return !office.lines.empty(); }));
  pid_t grandchild = std::stoi(office.lines[0]);
  REQUIRE(kill(grandchild, 0) == 0);
  office.command->end();
  REQUIRE(run_until(office.loop, [&] { return office.command->over(); }));
  // Orphaned, it is another's to reap: gone, or a zombie.
  auto state = [&] {
    std::ifstream file("/proc/" + std::to_string(grandchild) + "/stat");
    std::string pid, name, letter;
    file >> pid >> name >> letter;
    return letter;
  };
  CHECK(run_until(office.loop, [&] { return state().empty() || state() == "Z"; }));
  CHECK(office.causes.empty());
}
