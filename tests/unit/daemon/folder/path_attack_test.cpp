#include "daemon/folder/request_path.hpp"
#include "served_folder.hpp"

using namespace drawbridge;
using namespace drawbridge::folder;

TEST_CASE("No spelling of a path leaves the folder") {
  ServedFolder folder;
  std::ofstream(folder.outside.file("secret.txt")) << "the secret";
  for (const char* path : {"/../secret.txt",
                           "/%2e%2e/secret.txt",
                           "/..%2fsecret.txt",
                           "/%2e%2e%2fsecret.txt",
                           "/a/../../secret.txt",
                           "/./secret.txt",
                           "//secret.txt",
                           "/a//b",
                           "/%00",
                           "/secret.txt%00.png",
                           "/%0a",
                           "/%7f",
                           "/%",
                           "/%2",
                           "/%zz",
                           "/..",
                           "/.",
                           "/../",
                           "/..;/secret.txt",
                           "/%c0%ae%c0%ae/secret.txt",
                           "/..%5csecret.txt",
                           "/%252e%252e/secret.txt",
                           "/.%2e/secret.txt",
                           "/%2e/../secret.txt"}) {
    INFO(path);
    auto answer = folder.ask(std::string("GET ") + path);
    CHECK((answer.status == 400 || answer.status == 404));
    CHECK(answer.body.find("the secret") == std::string::npos);
  }
}

TEST_CASE("Absolute addresses and request lines with tricks are refused") {
  ServedFolder folder;
  folder.write("a.txt", "text");
  CHECK(folder.ask("GET " + folder.root + "/a.txt").status == 404);
  CHECK(folder.ask("GET http://files.office.localhost:8300/a.txt").status == 400);
  CHECK(folder.ask("GET a.txt").status == 400);
  CHECK(folder.ask("GET *").status == 400);
}

TEST_CASE("Links that stay inside are followed, links that lead out are not there") {
  ServedFolder folder;
  std::ofstream(folder.outside.file("secret.txt")) << "secret";
  std::filesystem::create_directory(folder.root + "/inside");
  folder.write("inside/a.txt", "text");
  std::filesystem::create_symlink("inside/a.txt", folder.root + "/good");
  std::filesystem::create_symlink("../secret.txt", folder.root + "/relative");
  std::filesystem::create_symlink(folder.outside.file("secret.txt"), folder.root + "/absolute");
  std::filesystem::create_symlink("..", folder.root + "/up");
  std::filesystem::create_symlink("/proc/self/root", folder.root + "/magic");
  std::filesystem::create_symlink("loop", folder.root + "/loop");
  CHECK(folder.ask("GET /good").body == "text");
  for (const char* path : {"/relative", "/absolute", "/up/secret.txt", "/up/", "/magic/etc/passwd", "/loop"}) {
    INFO(path);
    CHECK(folder.ask(std::string("GET ") + path).status == 403);
  }
  std::string list = folder.ask("GET /?json").body;
  CHECK(list.find("\"good\"") != std::string::npos);
  for (const char* name : {"relative", "absolute", "\"up\"", "magic", "loop"})
    CHECK(list.find(name) == std::string::npos);
}

TEST_CASE("Changes through links that lead out are refused") {
  ServedFolder folder;
  std::filesystem::create_symlink("..", folder.root + "/up");
  CHECK(folder.ask("PUT /up/new.txt", {}, "x").status == 403);
  CHECK(folder.ask("MKCOL /up/new").status == 403);
  CHECK(folder.ask("DELETE /up/root").status == 403);
  folder.write("a.txt", "x");
  CHECK(folder.ask("MOVE /a.txt", {"Destination: /up/a.txt"}).status == 403);
  CHECK_FALSE(std::filesystem::exists(folder.outside.file("new.txt")));
}

TEST_CASE("Uploads under way cannot be named") {
  ServedFolder folder;
  folder.write(".drawbridge-upload-00112233445566778899", "half");
  CHECK(folder.ask("GET /.drawbridge-upload-00112233445566778899").status == 404);
  CHECK(folder.ask("GET /%2edrawbridge-upload-00112233445566778899").status == 404);
  CHECK(folder.ask("DELETE /.drawbridge-upload-00112233445566778899").status == 404);
  CHECK(folder.ask("GET /?json").body.find("upload") == std::string::npos);
}

TEST_CASE("A new name must look like what it is") {
  CHECK(check_new_name("Étude 2026 – final (3).pdf"));
  CHECK(check_new_name("文書.txt"));
  CHECK(check_new_name(".hidden"));
  CHECK(check_new_name(std::string(255, 'a')));
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("a/b"), std::string("a\0b", 3),
        std::string("a\nb"), std::string("a\x7f"), std::string("\xff"), std::string(256, 'a'), std::string(" a"),
        std::string("a "),
        std::string("invoice\xE2\x80\xAE"
                    "fdp.exe"),
        std::string("a\xC2\x85"), std::string(".drawbridge-upload-x"), std::string(".drawbridge")}) {
    INFO(name);
    CHECK_FALSE(check_new_name(name));
  }
}

TEST_CASE("A path is written as it was read") {
  for (const char* raw : {"/", "/a", "/a/", "/a%20b/%C3%A9", "/%25", "/.hidden/x~y"}) {
    auto path = parse_request_path(raw);
    REQUIRE(path);
    CHECK(path->url() == raw);
  }
}
