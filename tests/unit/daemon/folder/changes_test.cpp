#include <sys/stat.h>
#include <unistd.h>

#include "daemon/folder/tree_removal.hpp"
#include "daemon/web/request_site.hpp"
#include "served_folder.hpp"

using namespace drawbridge;
using namespace drawbridge::folder;

TEST_CASE("Folders are made, things are renamed and moved, onto others only if that is meant") {
  ServedFolder folder;
  CHECK(folder.ask("MKCOL /Clients").status == 201);
  CHECK(folder.ask("MKCOL /Clients").status == 405);
  CHECK(folder.ask("MKCOL /Clients/Dupont/").status == 201);
  CHECK(folder.ask("MKCOL /gone/x").status == 409);
  CHECK(folder.ask("MKCOL /%20").status == 400);
  folder.write("a.txt", "a");
  folder.write("b.txt", "b");
  CHECK(folder.ask("MOVE /a.txt", {"Destination: /b.txt", "Overwrite: F"}).status == 412);
  CHECK(folder.read("b.txt") == "b");
  CHECK(folder.ask("MOVE /a.txt", {"Destination: /Clients/c%20d.txt"}).status == 201);
  CHECK(folder.read("Clients/c d.txt") == "a");
  CHECK(folder.ask("MOVE /b.txt", {"Destination: http://files.office.localhost:8300/c.txt"}).status == 201);
  CHECK(folder.exists("c.txt"));
  CHECK(folder.ask("MOVE /Clients", {"Destination: /Clients/Dupont/x"}).status == 403);
  folder.write("d.txt", "d");
  CHECK(folder.ask("MOVE /d.txt", {"Destination: /c.txt"}).status == 204);
  CHECK(folder.read("c.txt") == "d");
  CHECK(folder.ask("MOVE /gone", {"Destination: /x"}).status == 404);
  CHECK(folder.ask("MOVE /c.txt", {"Destination: /../x"}).status == 400);
  CHECK(folder.ask("MOVE /c.txt").status == 400);
  CHECK(folder.ask("MOVE /", {"Destination: /x"}).status == 400);
}

TEST_CASE("Files and empty folders are deleted, the root never, and full folders not if the page asks to keep them") {
  ServedFolder folder;
  folder.ask("MKCOL /full");
  folder.write("full/a.txt", "a");
  CHECK(folder.ask("DELETE /full/?contents=keep").status == 409);
  CHECK(folder.ask("DELETE /full/a.txt").status == 204);
  CHECK(folder.ask("DELETE /full/").status == 204);
  CHECK(folder.ask("DELETE /full/").status == 404);
  CHECK(folder.ask("DELETE /").status == 400);
}

TEST_CASE("A folder goes with all that is in it when the sender says so, and nothing outside of it goes") {
  ServedFolder folder;
  folder.ask("MKCOL /full");
  folder.ask("MKCOL /full/inner");
  folder.write("full/inner/a.txt", "a");
  folder.write("kept.txt", "kept");
  std::filesystem::create_directory(folder.outside.file("private"));
  std::ofstream(folder.outside.file("private/secret.txt")) << "secret";
  std::filesystem::create_symlink("../..", folder.root + "/full/inner/up");
  std::filesystem::create_symlink(folder.outside.file("private"), folder.root + "/full/away");
  std::filesystem::create_symlink("../kept.txt", folder.root + "/full/file");
  CHECK(folder.ask("DELETE /full/").status == 204);
  CHECK_FALSE(folder.exists("full"));
  CHECK(folder.read("kept.txt") == "kept");
  CHECK(std::filesystem::exists(folder.outside.file("private/secret.txt")));
}

TEST_CASE("A link to a folder is deleted as a link, also when contents are to go") {
  ServedFolder folder;
  folder.ask("MKCOL /full");
  folder.write("full/a.txt", "a");
  std::filesystem::create_symlink("full", folder.root + "/link");
  CHECK(folder.ask("DELETE /link").status == 204);
  CHECK(folder.read("full/a.txt") == "a");
  CHECK(folder.ask("DELETE /").status == 400);
}

TEST_CASE("A tree too deep to be deleted at once is refused before anything is deleted") {
  ServedFolder folder;
  std::string deep = "full";
  for (int i = 0; i < deepest_removal; ++i) {
    std::filesystem::create_directory(folder.root + "/" + deep);
    folder.write(deep + "/a.txt", "a");
    deep += "/d";
  }
  std::filesystem::create_directory(folder.root + "/" + deep);
  CHECK(folder.ask("DELETE /full/").status == 503);
  CHECK(folder.read("full/a.txt") == "a");
  std::filesystem::remove(folder.root + "/" + deep);
  CHECK(folder.ask("DELETE /full/").status == 204);
}

TEST_CASE("A folder whose contents may not be changed stays, and what stopped it is named") {
  ServedFolder folder;
  if (geteuid() == 0) return;  // root may change everything
  folder.ask("MKCOL /full");
  folder.ask("MKCOL /full/inner");
  folder.write("full/inner/a.txt", "a");
  chmod((folder.root + "/full/inner").c_str(), 0500);
  auto answer = folder.ask("DELETE /full/");
  chmod((folder.root + "/full/inner").c_str(), 0700);
  CHECK(answer.status == 403);
  CHECK(answer.body.find("a.txt") != std::string::npos);
}

TEST_CASE("Deleting a link leaves what it points to") {
  ServedFolder folder;
  folder.write("a.txt", "a");
  std::filesystem::create_symlink("a.txt", folder.root + "/link");
  CHECK(folder.ask("DELETE /link").status == 204);
  CHECK(folder.exists("a.txt"));
}

TEST_CASE("New files and folders have the rights of the folder they are in") {
  ServedFolder folder;
  chmod(folder.root.c_str(), 0750);
  mode_t before = umask(077);
  folder.ask("MKCOL /new");
  folder.ask("PUT /a.txt", {}, "x");
  umask(before);
  struct stat status;
  REQUIRE(stat((folder.root + "/new").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0750);
  REQUIRE(stat((folder.root + "/a.txt").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0640);
}

TEST_CASE("Other sites cannot change anything") {
  ServedFolder folder;
  folder.write("a.txt", "a");
  for (const char* header : {"Origin: http://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site",
                             "Sec-Fetch-Site: same-site", "Origin: http://other.office.localhost:8300"}) {
    INFO(header);
    CHECK(folder.ask("DELETE /a.txt", {header}).status == 403);
    CHECK(folder.ask("PUT /b.txt", {header}, "x").status == 403);
    CHECK(folder.ask("MKCOL /b", {header}).status == 403);
    CHECK(folder.ask("MOVE /a.txt", {header, "Destination: /b"}).status == 403);
    CHECK(folder.ask("GET /a.txt", {header}).status == 200);
  }
  CHECK(folder.count() == 1);
  CHECK(folder.ask("PUT /b.txt", {"Origin: http://files.office.localhost:8300", "Sec-Fetch-Site: same-origin"}, "x")
            .status == 201);
  CHECK(folder.ask("DELETE /b.txt", {"Sec-Fetch-Site: none"}).status == 204);
}

TEST_CASE("A name that a stranger can point here is not served") {
  ServedFolder folder;
  folder.write("a.txt", "a");
  CHECK(folder.connect().ask("GET /a.txt HTTP/1.1\r\nHost: evil.example:8300\r\n\r\n").status == 403);
  CHECK(folder.connect().ask("GET /a.txt HTTP/1.1\r\nHost: 127.83.1.2:20080\r\n\r\n").status == 200);
  CHECK(folder.connect().ask("GET /a.txt HTTP/1.1\r\n\r\n").status == 400);
}

TEST_CASE("Local hosts are addresses and names below localhost") {
  for (const char* host : {"127.0.0.1", "127.83.4.5:20080", "[::1]:8300", "localhost", "files.office.localhost:8300",
                           "FILES.Office.LOCALHOST"}) {
    INFO(host);
    CHECK(web::is_local_host(host));
  }
  for (const char* host :
       {"", "evil.example", "localhost.evil.example", "evillocalhost", ".localhost", "a.localhost:x",
        "a.localhost:999999", "127.0.0.1.evil", "a b.localhost", "a@b.localhost", "[::1", "a.localhost."}) {
    INFO(host);
    CHECK_FALSE(web::is_local_host(host));
  }
}

TEST_CASE("A request that says its length in two ways is refused") {
  ServedFolder folder;
  auto answer = folder.connect().ask(
      "PUT /a.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  CHECK(answer.status == 400);
  CHECK(folder.count() == 0);
}

TEST_CASE("A body in chunks makes a file too") {
  ServedFolder folder;
  auto answer = folder.connect().ask(
      "PUT /a.txt HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n4\r\n "
      "you\r\n0\r\n\r\n");
  CHECK(answer.status == 201);
  CHECK(folder.read("a.txt") == "hello you");
}

TEST_CASE("Methods that a folder does not know are refused") {
  ServedFolder folder;
  CHECK(folder.ask("POST /a.txt", {"Content-Length: 0"}).status == 405);
  CHECK(folder.ask("OPTIONS /").header("allow").find("MKCOL") != std::string::npos);
}

TEST_CASE("The page's own files are served from the program") {
  ServedFolder folder;
  auto script = folder.ask("GET /.drawbridge/page.js");
  CHECK(script.status == 200);
  CHECK(script.header("content-type") == "text/javascript; charset=utf-8");
  CHECK(folder.ask("GET /.drawbridge/page.js", {"If-None-Match: " + script.header("etag")}).status == 304);
  CHECK(folder.ask("GET /.drawbridge/other.js").status == 404);
  CHECK(folder.ask("DELETE /.drawbridge/page.js").status == 404);
}

TEST_CASE("More connections than a folder serves are refused, and there is room again when they end") {
  ServedFolder folder;
  std::vector<HttpClient> clients;
  auto try_once = [&] { return folder.try_connect(); };
  for (auto fd = try_once(); fd; fd = try_once()) {
    clients.emplace_back(fd.take());
    REQUIRE(clients.size() <= 1000);
  }
  CHECK(clients.size() >= 64);
  for (HttpClient& client : clients) client.finish();
  for (HttpClient& client : clients) client.read_to_end();
  clients.clear();
  folder.write("a.txt", "a");
  CHECK(folder.ask("GET /a.txt").status == 200);
}
