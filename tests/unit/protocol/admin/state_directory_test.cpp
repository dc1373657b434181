#include "protocol/admin/state_directory.hpp"

#include <catch2/catch.hpp>

using drawbridge::admin::choose_state_directory;
using drawbridge::admin::StateChoice;

TEST_CASE("the state directory is the first that applies of the documented order") {
  StateChoice choice{"/flag", "/environment", true, "/xdg", "/home/anna"};
  CHECK(choose_state_directory(choice).value() == "/flag");
  choice.flag.clear();
  CHECK(choose_state_directory(choice).value() == "/environment");
  choice.environment.clear();
  CHECK(choose_state_directory(choice).value() == "/var/lib/drawbridge");
  choice.system_socket_opens = false;
  CHECK(choose_state_directory(choice).value() == "/xdg/drawbridge");
  choice.xdg_state_home.clear();
  CHECK(choose_state_directory(choice).value() == "/home/anna/.local/state/drawbridge");
  choice.home.clear();
  CHECK_FALSE(choose_state_directory(choice).ok());
}

TEST_CASE("a relative XDG_STATE_HOME is ignored") {
  CHECK(choose_state_directory({"", "", false, "relative", "/home/anna"}).value() ==
        "/home/anna/.local/state/drawbridge");
}
