#include "daemon/folder/upload.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "served_folder.hpp"

using namespace drawbridge;
using namespace drawbridge::folder;

namespace {

const std::string id = "00112233445566778899aabbccddeeff";

std::vector<std::string> piece(size_t offset, size_t length, const std::string& upload = id) {
  return {"Upload-Id: " + upload, "Upload-Offset: " + std::to_string(offset),
          "Upload-Length: " + std::to_string(length)};
}

// How far the office has it.
size_t offset_of(ServedFolder& folder, const std::string& path, size_t length) {
  auto answer = folder.ask("HEAD " + path, piece(0, length));
  REQUIRE(answer.status == 204);
  return std::stoul(answer.header("upload-offset"));
}

std::string some_content(size_t length) {
  std::string content(length, 0);
  for (size_t i = 0; i < length; ++i) content[i] = static_cast<char>(i * 131 + i / 251);
  return content;
}

}  // namespace

TEST_CASE("A whole file goes up in one request and appears under its name") {
  ServedFolder folder;
  std::string content = some_content(500'000);
  auto answer = folder.ask("PUT /Plan%20A.bin", {"Upload-Modified: 1700000000123"}, content);
  CHECK(answer.status == 201);
  CHECK(answer.header("location") == "/Plan%20A.bin");
  CHECK(folder.read("Plan A.bin") == content);
  CHECK(folder.count() == 1);
  struct stat status;
  REQUIRE(stat((folder.root + "/Plan A.bin").c_str(), &status) == 0);
  CHECK(status.st_mtim.tv_sec == 1700000000);
}

TEST_CASE("An upload cut at any byte goes on from there") {
  ServedFolder folder;
  std::string content = some_content(2000);
  int upload = 0;
  for (size_t sent : {0, 1, 2, 999, 1000, 1998, 1999}) {
    INFO(sent);
    std::string path = "/a" + std::to_string(sent) + ".bin", own_id = id + std::to_string(++upload);
    std::string request = ServedFolder::request("PUT " + path, piece(0, content.size(), own_id), content);
    HttpClient client = folder.connect();
    client.send_all(request.substr(0, request.size() - content.size() + sent));
    client.finish();
    client.read_to_end();
    CHECK_FALSE(folder.exists(path));
    size_t have = std::stoul(folder.ask("HEAD " + path, piece(0, content.size(), own_id)).header("upload-offset"));
    CHECK(have <= sent);
    CHECK(folder.ask("PUT " + path, piece(have, content.size(), own_id), content.substr(have)).status == 201);
    CHECK(folder.read(path) == content);
  }
}

TEST_CASE("Pieces make up the file, and only the last one shows it") {
  ServedFolder folder;
  auto first = folder.ask("PUT /a.txt", piece(0, 10), "01234");
  CHECK(first.status == 202);
  CHECK(first.header("upload-offset") == "5");
  CHECK_FALSE(folder.exists("a.txt"));
  CHECK(folder.ask("GET /?json").body.find("\"entries\":[]") != std::string::npos);
  CHECK(offset_of(folder, "/a.txt", 10) == 5);
  auto last = folder.ask("PUT /a.txt", piece(5, 10), "56789");
  CHECK(last.status == 201);
  CHECK(last.body == R"({"offset":10,"name":"a.txt"})");
  CHECK(folder.read("a.txt") == "0123456789");
  CHECK(folder.count() == 1);
}

TEST_CASE("A piece at the wrong place changes nothing") {
  ServedFolder folder;
  folder.ask("PUT /a.txt", piece(0, 10), "01234");
  for (size_t wrong : {0, 4, 6, 10}) CHECK(folder.ask("PUT /a.txt", piece(wrong, 10), "x").status == 409);
  CHECK(offset_of(folder, "/a.txt", 10) == 5);
  CHECK(folder.ask("PUT /b.txt", piece(5, 10, "ffffffffffffffffffffffff"), "x").status == 409);
}

TEST_CASE("More bytes than announced never become the file") {
  ServedFolder folder;
  CHECK(folder.ask("PUT /a.txt", piece(0, 4), "01234").status == 400);
  CHECK_FALSE(folder.exists("a.txt"));
  CHECK(folder.ask("PUT /b.txt", {"Upload-Length: 9"}, "01234").status == 400);
  CHECK_FALSE(folder.exists("b.txt"));
}

TEST_CASE("A sender whose answer was lost learns that the file is there") {
  ServedFolder folder;
  folder.ask("PUT /a.txt?conflict=number", piece(0, 5), "01234");
  auto asked = folder.ask("HEAD /a.txt?conflict=number", piece(0, 5));
  CHECK(asked.status == 204);
  CHECK(asked.header("upload-offset") == "5");
  CHECK(asked.header("upload-name") == "a.txt");
  CHECK(folder.count() == 1);
}

TEST_CASE("An existing file is kept, numbered around, or replaced as asked") {
  ServedFolder folder;
  folder.write("a.txt", "old");
  CHECK(folder.ask("PUT /a.txt?conflict=refuse", {}, "new").status == 409);
  CHECK(folder.ask("PUT /a.txt", {"If-None-Match: *"}, "new").status == 412);
  CHECK(folder.ask("HEAD /a.txt", piece(0, 3)).status == 409);
  CHECK(folder.ask("HEAD /a.txt", piece(0, 3)).header("drawbridge-error") == "already_exists");
  CHECK(folder.read("a.txt") == "old");
  CHECK(folder.ask("PUT /a.txt?conflict=number", {}, "two").body == R"({"offset":3,"name":"a (2).txt"})");
  CHECK(folder.ask("PUT /a.txt?conflict=number", {}, "three").header("location") == "/a%20%283%29.txt");
  CHECK(folder.ask("PUT /a.txt?conflict=replace", {}, "new").status == 201);
  CHECK(folder.read("a.txt") == "new");
  CHECK(folder.read("a (2).txt") == "two");
  CHECK(folder.count() == 3);
}

TEST_CASE("A file is replaced only in the version that was seen") {
  ServedFolder folder;
  folder.write("a.txt", "old");
  std::string tag = folder.ask("HEAD /a.txt").header("etag");
  CHECK(folder.ask("PUT /a.txt", {"If-Match: \"other\""}, "new").status == 412);
  CHECK(folder.ask("PUT /a.txt", {"If-Match: " + tag}, "new").status == 204);
  CHECK(folder.ask("PUT /a.txt", {"If-Match: " + tag}, "newer").status == 412);
  CHECK(folder.read("a.txt") == "new");
  CHECK(folder.ask("PUT /b.txt", {"If-Match: *"}, "x").status == 412);
}

TEST_CASE("A file that appears while another of its name is sent is not lost") {
  ServedFolder folder;
  folder.ask("PUT /a.txt", piece(0, 10), "01234");
  folder.write("a.txt", "mine");
  CHECK(folder.ask("PUT /a.txt", piece(5, 10), "56789").status == 409);
  CHECK(folder.read("a.txt") == "mine");
  CHECK(folder.ask("PUT /a.txt?conflict=number", piece(5, 10), "56789").status == 201);
  CHECK(folder.read("a (2).txt") == "0123456789");
}

TEST_CASE("Two uploads of one name do not mix") {
  ServedFolder folder;
  std::string other = "ffffffffffffffffffffffff";
  folder.ask("PUT /a.txt?conflict=number", piece(0, 4), "AA");
  folder.ask("PUT /a.txt?conflict=number", piece(0, 4, other), "BB");
  folder.ask("PUT /a.txt?conflict=number", piece(2, 4), "AA");
  folder.ask("PUT /a.txt?conflict=number", piece(2, 4, other), "BB");
  CHECK(folder.read("a.txt") == "AAAA");
  CHECK(folder.read("a (2).txt") == "BBBB");
}

TEST_CASE("The newest connection goes on with an upload, the older one is stopped") {
  ServedFolder folder;
  HttpClient older = folder.connect();
  std::string begun = ServedFolder::request("PUT /a.txt", piece(0, 10), "0123456789");
  older.send_all(begun.substr(0, begun.size() - 5));
  REQUIRE(folder.eventually([&] { return folder.read(".drawbridge-upload-" + id) == "01234"; }));
  size_t have = offset_of(folder, "/a.txt", 10);
  CHECK(have == 5);
  older.send_all("XXXXX");
  CHECK(older.read_answer().status == 409);
  CHECK(offset_of(folder, "/a.txt", 10) == have);
  CHECK(folder.ask("PUT /a.txt", piece(have, 10), std::string("0123456789").substr(have)).status == 201);
  CHECK(folder.read("a.txt") == "0123456789");
}

TEST_CASE("A cancelled upload leaves nothing behind") {
  ServedFolder folder;
  folder.ask("PUT /a.txt", piece(0, 10), "01234");
  CHECK(folder.count() == 1);
  CHECK(folder.ask("DELETE /a.txt", {"Upload-Id: " + id}).status == 204);
  CHECK(folder.count() == 0);
  CHECK(folder.ask("DELETE /a.txt", {"Upload-Id: " + id}).status == 204);
  CHECK(folder.ask("DELETE /a.txt", {"Upload-Id: ../../x"}).status == 400);
}

TEST_CASE("An upload without id that breaks off leaves nothing behind") {
  ServedFolder folder;
  HttpClient client = folder.connect();
  std::string request = ServedFolder::request("PUT /a.txt", {}, "0123456789");
  client.send_all(request.substr(0, request.size() - 3));
  client.finish();
  client.read_to_end();
  CHECK(folder.count() == 0);
}

TEST_CASE("Whatever is killed when, there is no part of a file under its name") {
  TemporaryFolder outside;
  auto root = Root::open(outside.path);
  REQUIRE(root);
  // The child writes a file again and again; it is killed at some byte. What is there must be whole.
  for (int round = 0; round < 5; ++round) {
    int ready[2];
    REQUIRE(pipe(ready) == 0);
    pid_t child = fork();
    if (child == 0) {
      UploadTurns turns;
      for (int i = 0;; ++i) {
        auto upload = Upload::begin(turns, root->place(*parse_request_path("/a.bin")).take(),
                                    UploadOrder{"", 0, 40'000, Conflict::replace, "", {}});
        for (int part = 0; upload && part < 40; ++part)
          (void)(*upload)->write(Bytes(1000, static_cast<uint8_t>('a' + i % 26)));
        if (upload) (void)(*upload)->finish();
        if (i == 0 && ::write(ready[1], "x", 1) != 1) _exit(1);
      }
    }
    char byte;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    close(ready[0]);
    close(ready[1]);
    std::ifstream file(outside.file("a.bin"), std::ios::binary);
    std::string content((std::istreambuf_iterator<char>(file)), {});
    REQUIRE(content.size() == 40'000);
    CHECK(content == std::string(40'000, content[0]));
  }
}

TEST_CASE("A file for which there is no room is refused before it is sent") {
  ServedFolder folder;
  auto answer = folder.ask("HEAD /a.bin", piece(0, 1'000'000'000'000'000'000));
  CHECK(answer.status == 507);
  CHECK(answer.header("drawbridge-error") == "limit");
}

TEST_CASE("An upload into a folder that is gone says so") {
  ServedFolder folder;
  CHECK(folder.ask("PUT /gone/a.txt", {}, "x").status == 409);
  CHECK(folder.ask("PUT /a.txt/", {}, "x").status == 400);
  CHECK(folder.ask("PUT /", {}, "x").status == 400);
  std::filesystem::create_directory(folder.root + "/sub");
  CHECK(folder.ask("PUT /sub?conflict=replace", {}, "x").status == 409);
}

TEST_CASE("Orders that make no sense are refused") {
  ServedFolder folder;
  for (std::vector<std::string> headers :
       std::vector<std::vector<std::string>>{{"Upload-Id: short", "Upload-Length: 1"},
                                             {"Upload-Id: " + id},
                                             {"Upload-Id: " + id, "Upload-Length: -1"},
                                             {"Upload-Id: " + id, "Upload-Length: 1", "Upload-Offset: x"},
                                             {"Upload-Offset: 1"}}) {
    CHECK(folder.ask("PUT /a.txt", headers, "x").status == 400);
  }
  CHECK(folder.ask("PUT /a.txt?conflict=maybe", {}, "x").status == 400);
  CHECK(folder.ask("PUT /a%E2%80%AEtxt", {}, "x").status == 400);
  CHECK(folder.count() == 0);
}

TEST_CASE("Uploads that nobody continued for a week are removed") {
  ServedFolder folder;
  folder.write(".drawbridge-upload-aaaaaaaaaaaaaaaaaaaa", "old");
  folder.write(".drawbridge-upload-bbbbbbbbbbbbbbbbbbbb", "new");
  timespec times[2] = {{time(nullptr) - 8 * 24 * 3600, 0}, {time(nullptr) - 8 * 24 * 3600, 0}};
  utimensat(AT_FDCWD, (folder.root + "/.drawbridge-upload-aaaaaaaaaaaaaaaaaaaa").c_str(), times, 0);
  folder.ask("GET /?json");
  CHECK_FALSE(folder.exists(".drawbridge-upload-aaaaaaaaaaaaaaaaaaaa"));
  CHECK(folder.exists(".drawbridge-upload-bbbbbbbbbbbbbbbbbbbb"));
}

TEST_CASE("A numbered name keeps its ending and stays within what a disk takes") {
  CHECK(numbered_name("a.txt", 2) == "a (2).txt");
  CHECK(numbered_name("README", 3) == "README (3)");
  CHECK(numbered_name(".profile", 2) == ".profile (2)");
  CHECK(numbered_name("a.tar.gz", 2) == "a.tar (2).gz");
  std::string accents;
  while (accents.size() < 250) accents += "é";
  std::string numbered = numbered_name(accents + ".pdf", 12);
  CHECK(numbered.size() <= 255);
  CHECK(check_new_name(numbered));
}
