#include "cli/service_unit.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "cli/atomic_file.hpp"
#include "tests/unit/cli/fake_daemon.hpp"

using namespace drawbridge;
using namespace drawbridge::cli;

namespace {

// The system service's state as its name says, units in a folder of their own.
const std::string service_state = "/var/lib/drawbridge";

struct Units {
  TemporaryDirectory folder;
  UnitFolders folders{folder.path(), folder / "drop-ins"};

  // The failure of expose, or an empty code.
  admin::Failure expose(const std::string& name, const std::string& target) {
    try {
      let_in(folders, service_state, name, target);
    } catch (const CommandFailed& failed) {
      return failed.failure();
    }
    return {"", "", ""};
  }
  std::string text(const std::string& name) { return to_string(read_file(folders.drop_in(name), 4096)); }
};

std::string setting(const std::string& target) {
  std::string text = drop_in_for("files", target).value_or("[Service]\nnone\n");
  return text.substr(text.find("[Service]\n") + 10);
}

}  // namespace

TEST_CASE("a shared folder is let in to be written, a hidden socket's folder to be read") {
  CHECK(setting("folder:/srv/clients") == "BindPaths=-\"/srv/clients\"\n");
  CHECK(setting("unix:/run/user/1000/app/socket") == "BindReadOnlyPaths=-\"/run/user/1000/app\"\n");
  CHECK(setting("unix:/run/postgresql/.s.PGSQL.5432") == "none\n");
  CHECK(setting("unix:/homestead/socket") == "none\n");
  CHECK(setting("127.0.0.1:5432") == "none\n");
  CHECK(setting("folder:ro:/srv/archive") == "none\n");
  CHECK(setting("folder:ro:/home/ann/archive") == "BindReadOnlyPaths=-\"/home/ann/archive\"\n");
  CHECK(setting("folder:/var/lib/drawbridge/files") == "none\n");
}

TEST_CASE("a path cannot say more in a unit than its name") {
  CHECK(setting("folder:/srv/a b:c%h") == "BindPaths=-\"/srv/a b:c%%h\"\n");
  CHECK(setting("folder:/srv/\"quote\\") == "BindPaths=-\"/srv/\\\"quote\\\\\"\n");
  CHECK_THROWS_AS(drop_in_for("files", "folder:/srv/\n[Service]\nUser=root"), CommandFailed);
}

TEST_CASE("for what the daemon will refuse no drop-in is written: a name that says more in a unit, a folder with the state in it") {
  Units units;
  for (const char* name : {"x\n[Service]\nExecStartPre=+/bin/sh", "../../../../tmp/x", "A", ""}) CHECK(units.expose(name, "folder:/srv/clients").code.empty());
  for (const char* folder : {"folder:/", "folder:ro:/", "folder:/var", "folder:/var/lib/drawbridge"}) CHECK(units.expose("files", folder).code.empty());
  CHECK(access(units.folders.drop_ins.c_str(), F_OK) != 0);
}

TEST_CASE("who may write the drop-in is told what to restart, who may not the exact command") {
  Units units;
  auto failure = units.expose("files", "folder:/srv/Ann's");
  if (geteuid() == 0) {
    CHECK(failure.code == "state");
    CHECK(failure.remedy.find("systemctl restart drawbridged") != failure.remedy.npos);
    CHECK(units.text("files") == *drop_in_for("files", "folder:/srv/Ann's"));
    CHECK(units.expose("files", "folder:/srv/other").code == "already_exists");
  } else {
    CHECK(failure.code == "not_allowed");
    CHECK(failure.remedy == "Run: sudo drawbridge expose files 'folder:/srv/Ann'\\''s'");
  }
}

TEST_CASE("nothing is asked where systemd does not run the service, or it sees the place anyway") {
  Units units;
  CHECK(units.expose("web", "127.0.0.1:80").code.empty());
  let_in(units.folders, "/home/ann/.local/state/drawbridge", "files", "folder:/srv/clients");
  units.folders.manager = units.folder / "no-systemd";
  CHECK(units.expose("files", "folder:/srv/clients").code.empty());
  CHECK(access(units.folders.drop_ins.c_str(), F_OK) != 0);
}

TEST_CASE("a drop-in goes with its service") {
  Units units;
  CHECK(shut_out(units.folders, service_state, "files").empty());
  make_private_directory(units.folders.drop_ins);
  write_file_atomically(units.folders.drop_in("files"), as_bytes("x"), 0644, Existing::replace);
  CHECK(shut_out(units.folders, service_state, "files").find("systemctl") != std::string::npos);
  CHECK(access(units.folders.drop_in("files").c_str(), F_OK) != 0);
}
