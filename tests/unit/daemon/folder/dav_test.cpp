// WebDAV beyond what litmus asks: locks, conditions, hostile XML, what stays hidden.
#include <sys/xattr.h>

#include "daemon/folder/dav/if_header.hpp"
#include "daemon/folder/dav/locks.hpp"
#include "daemon/folder/dav/request_body.hpp"
#include "served_folder.hpp"

using namespace drawbridge;
using namespace drawbridge::folder;

namespace {

const std::string exclusive =
    "<?xml version=\"1.0\"?><D:lockinfo xmlns:D=\"DAV:\"><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype>"
    "<D:owner>Anna</D:owner></D:lockinfo>";

std::string propfind(const std::string& names) {
  return "<?xml version=\"1.0\"?><D:propfind xmlns:D=\"DAV:\"><D:prop>" + names + "</D:prop></D:propfind>";
}

// The token of a fresh lock, with its angles.
std::string lock(ServedFolder& folder, const std::string& path, std::vector<std::string> headers = {}) {
  auto answer = folder.ask("LOCK " + path, std::move(headers), exclusive);
  CHECK((answer.status == 200 || answer.status == 201));
  return answer.header("lock-token");
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// The answer to a PROPFIND is sent in chunks, and the connection closed after it.
HttpAnswer find(ServedFolder& folder, const std::string& path, const std::string& depth, const std::string& body) {
  auto client = folder.connect();
  client.send_all(ServedFolder::request("PROPFIND " + path, {"Depth: " + depth, "Connection: close"}, body));
  return client.read_answer();
}

}  // namespace

TEST_CASE("A locked file is changed only by who holds the lock, also from the page") {
  ServedFolder folder;
  folder.write("a.txt", "a");
  std::string token = lock(folder, "/a.txt");
  REQUIRE(token.starts_with("<urn:uuid:"));
  CHECK(folder.ask("PUT /a.txt", {}, "b").status == 423);
  CHECK(folder.ask("PUT /a.txt?conflict=replace", {}, "b").status == 423);
  CHECK(folder.ask("DELETE /a.txt").status == 423);
  CHECK(folder.ask("MOVE /a.txt", {"Destination: /b.txt"}).status == 423);
  folder.write("c.txt", "c");
  CHECK(folder.ask("MOVE /c.txt", {"Destination: /a.txt"}).status == 423);
  CHECK(folder.ask("COPY /c.txt", {"Destination: /a.txt"}).status == 423);
  CHECK(folder.ask("LOCK /a.txt", {}, exclusive).status == 423);
  CHECK(folder.read("a.txt") == "a");
  CHECK(folder.ask("COPY /a.txt", {"Destination: /copy.txt"}).status == 201);
  CHECK(folder.ask("PUT /a.txt", {"If: (" + token + ")"}, "b").status == 204);
  CHECK(folder.ask("UNLOCK /a.txt", {"Lock-Token: " + token}).status == 204);
  CHECK(folder.ask("PUT /a.txt", {}, "c").status == 204);
}

TEST_CASE("A locked folder protects what is in it, and what would be put there") {
  ServedFolder folder;
  folder.ask("MKCOL /case");
  folder.write("case/a.txt", "a");
  std::string token = lock(folder, "/case/", {"Depth: infinity"});
  CHECK(folder.ask("PUT /case/a.txt", {}, "b").status == 423);
  CHECK(folder.ask("PUT /case/new.txt", {}, "b").status == 423);
  CHECK(folder.ask("MKCOL /case/inner").status == 423);
  CHECK(folder.ask("DELETE /case/").status == 423);
  CHECK(folder.ask("PUT /case/new.txt", {"If: </case/> (" + token + ")"}, "b").status == 201);
}

TEST_CASE("A lock on a name that is not there makes an empty file, and goes with it") {
  ServedFolder folder;
  std::string token = lock(folder, "/new.txt");
  CHECK(folder.exists("new.txt"));
  CHECK(folder.ask("DELETE /new.txt", {"If: (" + token + ")"}).status == 204);
  CHECK(folder.ask("PUT /new.txt", {}, "x").status == 201);
  CHECK(folder.ask("LOCK /gone/new.txt", {}, exclusive).status == 409);
}

TEST_CASE("A condition that does not hold changes nothing") {
  ServedFolder folder;
  folder.write("a.txt", "a");
  CHECK(folder.ask("PUT /a.txt", {"If: ([\"other\"])"}, "b").status == 412);
  CHECK(folder.ask("PUT /a.txt", {"If: (<urn:uuid:00000000-0000-4000-8000-000000000000>)"}, "b").status == 412);
  CHECK(folder.ask("PUT /a.txt", {"If: (not a condition"}, "b").status == 400);
  CHECK(folder.read("a.txt") == "a");
  std::string tag = folder.ask("HEAD /a.txt").header("etag");
  CHECK(folder.ask("PUT /a.txt", {"If: ([" + tag + "])"}, "b").status == 204);
}

TEST_CASE("A read-only folder is read and nothing else") {
  ServedFolder folder(true);
  folder.write("a.txt", "a");
  CHECK(folder.ask("GET /a.txt").body == "a");
  CHECK(find(folder, "/", "1", "").status == 207);
  for (const char* change : {"PUT /b.txt", "PUT /a.txt", "DELETE /a.txt", "MKCOL /b", "MOVE /a.txt", "COPY /a.txt", "PROPPATCH /a.txt", "LOCK /a.txt", "UNLOCK /a.txt"}) {
    CAPTURE(change);
    CHECK(folder.ask(change, {"Destination: /c.txt"}, "x").status == 403);
  }
  CHECK(folder.count() == 1);
  CHECK(holds(folder.ask("GET /?json").body, "\"writable\":false"));
  CHECK_FALSE(holds(folder.ask("OPTIONS /").header("allow"), "PUT"));
}

TEST_CASE("Properties are told as asked, and nothing that is ours or leads out") {
  ServedFolder folder;
  folder.write("a & <b>.txt", "hello");
  folder.write(".drawbridge-upload-00112233445566778899", "part");
  std::filesystem::create_symlink("/etc", folder.root + "/out");
  std::filesystem::create_symlink("a & <b>.txt", folder.root + "/in.txt");
  auto answer = find(folder, "/", "1", propfind("<D:getcontentlength/><D:nothing/>"));
  REQUIRE(answer.status == 207);
  CHECK(holds(answer.body, "<D:href>/a%20%26%20%3Cb%3E.txt</D:href>"));
  CHECK(holds(answer.body, "<D:getcontentlength>5</D:getcontentlength>"));
  CHECK(holds(answer.body, "<D:nothing/></D:prop><D:status>HTTP/1.1 404"));
  CHECK(holds(answer.body, "/in.txt"));
  CHECK_FALSE(holds(answer.body, "drawbridge-upload"));
  CHECK_FALSE(holds(answer.body, "out"));
  CHECK(folder.ask("PROPFIND /", {"Depth: infinity"}).status == 403);
  CHECK(folder.ask("PROPFIND /out/", {"Depth: 1"}).status == 403);
}

TEST_CASE("What clients set on a file stays with its next version, its copy and its new name") {
  ServedFolder folder;
  folder.write("a.txt", "a");
  if (setxattr((folder.root + "/a.txt").c_str(), "user.probe", "x", 1, 0) != 0) return;  // this disk keeps none
  std::string patch =
      "<?xml version=\"1.0\"?><D:propertyupdate xmlns:D=\"DAV:\" xmlns:z=\"urn:z\"><D:set><D:prop><z:case>Dupont &amp; <z:b>x</z:b></z:case></D:prop></D:set>"
      "</D:propertyupdate>";
  CHECK(holds(folder.ask("PROPPATCH /a.txt", {}, patch).body, "200 OK"));
  CHECK(folder.ask("PUT /a.txt", {}, "b").status == 204);
  CHECK(folder.ask("COPY /a.txt", {"Destination: /b.txt"}).status == 201);
  CHECK(folder.ask("MOVE /b.txt", {"Destination: /c.txt"}).status == 201);
  for (const char* name : {"/a.txt", "/c.txt"}) {
    auto found = find(folder, name, "0", propfind("<z:case xmlns:z=\"urn:z\"/>"));
    CHECK(holds(found.body, "Dupont &amp; <x:b xmlns:x=\"urn:z\">x</x:b>"));
  }
  std::string two = "<?xml version=\"1.0\"?><D:propertyupdate xmlns:D=\"DAV:\" xmlns:z=\"urn:z\"><D:set><D:prop><z:new>1</z:new></D:prop></D:set>"
                    "<D:set><D:prop><D:getetag>forged</D:getetag></D:prop></D:set></D:propertyupdate>";
  auto refused = folder.ask("PROPPATCH /a.txt", {}, two).body;
  CHECK(holds(refused, "403"));
  CHECK(holds(refused, "424"));
  CHECK(holds(find(folder, "/a.txt", "0", propfind("<z:new xmlns:z=\"urn:z\"/>")).body, "404"));
}

TEST_CASE("A folder is copied with all that is in it, links as links, and not into itself") {
  ServedFolder folder;
  std::filesystem::create_directories(folder.root + "/case/inner");
  folder.write("case/inner/a.txt", "a");
  std::filesystem::create_symlink("/etc/passwd", folder.root + "/case/out");
  CHECK(folder.ask("COPY /case/", {"Destination: /copy/"}).status == 201);
  CHECK(folder.read("copy/inner/a.txt") == "a");
  CHECK(std::filesystem::is_symlink(folder.root + "/copy/out"));
  CHECK(folder.ask("GET /copy/out").status == 403);
  CHECK(folder.ask("COPY /case/", {"Destination: /case/inner/x/"}).status == 403);
  CHECK(folder.ask("COPY /case/", {"Destination: /copy/", "Overwrite: F"}).status == 412);
  CHECK(folder.ask("COPY /case/", {"Destination: /copy/", "Depth: 0"}).status == 204);
  CHECK_FALSE(folder.exists("copy/inner"));
  CHECK(folder.count() == 2);
}

TEST_CASE("XML that is meant to harm is refused, and costs little") {
  auto body = GENERATE(as<std::string>{},
                       "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY x \"y\">]><D:propfind xmlns:D=\"DAV:\"><D:prop><D:a>&x;</D:a></D:prop></D:propfind>",
                       "<?xml version=\"1.0\"?><!DOCTYPE a SYSTEM \"file:///etc/passwd\"><D:propfind xmlns:D=\"DAV:\"><D:allprop/></D:propfind>",
                       "<D:propfind xmlns:D=\"DAV:\"><D:allprop/>", "<propfind/>", "not xml", std::string("\0\0\0", 3));
  CHECK_FALSE(dav::parse_propfind(as_bytes(body)).ok());
  std::string deep = "<D:propfind xmlns:D=\"DAV:\">";
  for (int i = 0; i < 1000; ++i) deep += "<a>";
  CHECK_FALSE(dav::parse_propfind(as_bytes(deep)).ok());
  std::string wide = "<D:propfind xmlns:D=\"DAV:\"><D:prop>";
  for (int i = 0; i < 5000; ++i) wide += "<a/>";
  CHECK_FALSE(dav::parse_propfind(as_bytes(wide + "</D:prop></D:propfind>")).ok());
}

TEST_CASE("A long body of a WebDAV request is not kept") {
  ServedFolder folder;
  CHECK(folder.ask("PROPFIND /", {"Depth: 0"}, std::string(200'000, ' ')).status == 413);
}

TEST_CASE("The conditions of an If header are read in their order, and nothing else is taken for one") {
  auto header = dav::parse_if_header("</a> (<urn:uuid:1> [\"tag\"]) (Not <urn:uuid:2>) <http://localhost/b> ([W/\"x\"])");
  REQUIRE(header);
  REQUIRE(header->lists.size() == 3);
  CHECK(header->lists[0].resource == "/a");
  CHECK(header->lists[1].conditions[0].negated);
  CHECK(header->lists[2].resource == "http://localhost/b");
  CHECK(header->tokens() == dav::Tokens{"urn:uuid:1"});
  for (const char* wrong : {"", "()", "(", "<a>", "(<a)", "(x)", "(Not)", "([\"a\"", "a"}) CHECK_FALSE(dav::parse_if_header(wrong));
}

TEST_CASE("Locks end with their time, and their number is bounded") {
  dav::LockTable locks;
  REQUIRE(locks.acquire("a", true, false, "", std::chrono::seconds(0)));
  CHECK(locks.covering("a").empty());
  for (int i = 0; i < 1024; ++i) REQUIRE(locks.acquire("f" + std::to_string(i), true, false, "", std::chrono::seconds(60)));
  CHECK_FALSE(locks.acquire("one more", true, false, "", std::chrono::seconds(60)));
}

TEST_CASE("Shared locks stand beside one another, and one of them is enough") {
  dav::LockTable locks;
  auto one = locks.acquire("a", false, false, "", std::chrono::seconds(60)), two = locks.acquire("a", false, false, "", std::chrono::seconds(60));
  REQUIRE(one);
  REQUIRE(two);
  CHECK_FALSE(locks.acquire("a", true, false, "", std::chrono::seconds(60)));
  CHECK_FALSE(locks.acquire(".", true, true, "", std::chrono::seconds(60)));
  CHECK(locks.forbids({"a", false, false}, {}));
  CHECK_FALSE(locks.forbids({"a", false, false}, {one->token}));
}
