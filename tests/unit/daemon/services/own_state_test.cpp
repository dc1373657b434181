#include "daemon/services/own_state.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/unit/daemon/temporary_folder.hpp"

using namespace drawbridge;
namespace files = std::filesystem;

namespace {

// home/ has documents/ and .local/state, the node's.
struct Home : TemporaryFolder {
  Home() {
    files::create_directories(file("home/.local/state"));
    files::create_directories(file("home/documents"));
    std::ofstream(state() + "/control.sock");
    std::ofstream(file("home/other.sock"));
  }
  std::string state() const { return file("home/.local/state"); }
  bool refused(const std::string& target) const {
    auto checked = check_own_state(parse_target(target).take(), state());
    if (!checked) CHECK(checked.error().code == ErrorCode::not_allowed);
    return !checked;
  }
};

}  // namespace

TEST_CASE("a folder in which the state lies is not shared, by whatever name") {
  Home home;
  CHECK(home.refused("folder:" + home.state()));
  CHECK(home.refused("folder:" + home.file("home")));
  CHECK(home.refused("folder:ro:" + home.file("home")));
  CHECK(home.refused("folder:" + home.file("home/documents/..")));
  CHECK(home.refused("folder:/"));
  files::create_directory_symlink(home.file("home"), home.file("link"));
  CHECK(home.refused("folder:" + home.file("link")));
  CHECK_FALSE(home.refused("folder:" + home.file("home/documents")));
  CHECK_FALSE(home.refused("folder:" + home.file("nothing")));
  // One that is made for it: nothing of the node's is in there.
  files::create_directory(home.state() + "/files");
  CHECK_FALSE(home.refused("folder:" + home.state() + "/files"));
}

TEST_CASE("a folder in which programs of the office run is not shared: they might start what is put there") {
  Home home;
  files::create_directories(home.state() + "/commands/web/static");
  for (const char* folder : {"/commands", "/commands/web", "/commands/web/static"}) CHECK(home.refused("folder:" + home.state() + folder));
}

TEST_CASE("the control socket is no service, by whatever name; others are") {
  Home home;
  CHECK(home.refused("unix:" + home.state() + "/control.sock"));
  files::create_symlink(home.state() + "/control.sock", home.file("link"));
  CHECK(home.refused("unix:" + home.file("link")));
  files::create_hard_link(home.state() + "/control.sock", home.file("hard"));
  CHECK(home.refused("unix:" + home.file("hard")));
  CHECK_FALSE(home.refused("unix:" + home.file("home/other.sock")));
  CHECK_FALSE(home.refused("unix:" + home.file("nothing")));
  CHECK_FALSE(home.refused("127.0.0.1:80"));
}

TEST_CASE("a state that is gone keeps nothing from being shared, and no check runs on forever") {
  Home home;
  std::string state = home.state();
  files::remove_all(state);
  CHECK(check_own_state(parse_target("folder:" + home.file("home/documents")).take(), state));
}
