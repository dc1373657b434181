#include <sys/stat.h>

#include "served_folder.hpp"

using namespace drawbridge;
using namespace drawbridge::folder;

TEST_CASE("A file arrives byte for byte with its type, version and no right to run") {
  ServedFolder folder;
  std::string content(300'000, 'x');
  content[123'456] = '\0';
  folder.write("a report.txt", content);
  auto answer = folder.ask("GET /a%20report.txt");
  CHECK(answer.status == 200);
  CHECK(answer.body == content);
  CHECK(answer.header("content-type") == "text/plain; charset=utf-8");
  CHECK(answer.header("x-content-type-options") == "nosniff");
  CHECK(answer.header("content-security-policy").starts_with("sandbox;"));
  CHECK(answer.header("accept-ranges") == "bytes");
  CHECK_FALSE(answer.header("etag").empty());
  CHECK_FALSE(answer.header("last-modified").empty());
  CHECK(answer.header("access-control-allow-origin").empty());
}

TEST_CASE("HTML is shown as text, unknown content is only downloaded") {
  ServedFolder folder;
  for (const char* name : {"page.html", "page.xhtml", "page.xml", "script.js", "style.css"}) {
    folder.write(name, "<script>alert(1)</script>");
    CHECK(folder.ask(std::string("GET /") + name).header("content-type") == "text/plain; charset=utf-8");
  }
  folder.write("picture.svg", "<svg/>");
  CHECK(folder.ask("GET /picture.svg").header("content-security-policy").starts_with("sandbox; default-src 'none'"));
  folder.write("letter.docm", "x");
  CHECK(folder.ask("GET /letter.docm").header("content-disposition") == "attachment; filename*=UTF-8''letter.docm");
  folder.write("é\"x.png", "x");
  CHECK(folder.ask("GET /%C3%A9%22x.png?download").header("content-disposition") ==
        "attachment; filename*=UTF-8''%C3%A9%22x.png");
}

TEST_CASE("Ranges give the part asked for, or say that there is none") {
  ServedFolder folder;
  folder.write("digits.bin", "0123456789");
  auto part = [&](const char* range) { return folder.ask("GET /digits.bin", {std::string("Range: ") + range}); };
  CHECK(part("bytes=2-4").body == "234");
  CHECK(part("bytes=2-4").status == 206);
  CHECK(part("bytes=2-4").header("content-range") == "bytes 2-4/10");
  CHECK(part("bytes=7-").body == "789");
  CHECK(part("bytes=-3").body == "789");
  CHECK(part("bytes=-99").body == "0123456789");
  CHECK(part("bytes=8-99").header("content-range") == "bytes 8-9/10");
  CHECK(part("bytes=10-").status == 416);
  CHECK(part("bytes=10-").header("content-range") == "bytes */10");
  CHECK(part("bytes=-0").status == 416);
  for (const char* whole : {"bytes=4-2", "bytes=1-2,4-5", "lines=1-2", "bytes=x", "bytes=", "bytes=-", "bytes=+1-2",
                            "bytes=99999999999999999999-"}) {
    CHECK(part(whole).status == 200);
    CHECK(part(whole).body == "0123456789");
  }
}

TEST_CASE("A download goes on only with the very version that it began with") {
  ServedFolder folder;
  folder.write("digits.bin", "0123456789");
  std::string tag = folder.ask("HEAD /digits.bin").header("etag");
  CHECK(folder.ask("GET /digits.bin", {"Range: bytes=5-", "If-Range: " + tag}).status == 206);
  folder.write("digits.bin", "abcdefghijk");
  auto answer = folder.ask("GET /digits.bin", {"Range: bytes=5-", "If-Range: " + tag});
  CHECK(answer.status == 200);
  CHECK(answer.body == "abcdefghijk");
  CHECK(folder.ask("GET /digits.bin", {"Range: bytes=5-", "If-Range: W/" + tag}).status == 200);
  CHECK(folder.ask("GET /digits.bin", {"Range: bytes=5-", "If-Range: Sun, 06 Nov 1994 08:49:37 GMT"}).status == 200);
  std::string date = folder.ask("HEAD /digits.bin").header("last-modified");
  CHECK(folder.ask("GET /digits.bin", {"Range: bytes=5-", "If-Range: " + date}).status == 206);
}

TEST_CASE("What a browser has already is not sent again") {
  ServedFolder folder;
  folder.write("a.txt", "text");
  auto first = folder.ask("GET /a.txt");
  auto status = [&](const std::string& header) { return folder.ask("GET /a.txt", {header}).status; };
  CHECK(status("If-None-Match: " + first.header("etag")) == 304);
  CHECK(status("If-None-Match: \"other\", W/" + first.header("etag")) == 304);
  CHECK(status("If-None-Match: *") == 304);
  CHECK(status("If-None-Match: \"other\"") == 200);
  CHECK(status("If-Modified-Since: " + first.header("last-modified")) == 304);
  CHECK(status("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT") == 200);
  CHECK(status("If-Modified-Since: nonsense") == 200);
  CHECK(status("If-Match: \"other\"") == 412);
  CHECK(status("If-Match: " + first.header("etag")) == 200);
  CHECK(status("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT") == 412);
}

TEST_CASE("HEAD says what GET would, without the content") {
  ServedFolder folder;
  folder.write("a.txt", "text");
  HttpClient client = folder.connect();
  auto head = client.ask(ServedFolder::request("HEAD /a.txt"), true);
  CHECK(head.header("content-length") == "4");
  CHECK(client.ask(ServedFolder::request("GET /a.txt")).body == "text");
}

TEST_CASE("One connection serves many requests in order") {
  ServedFolder folder;
  folder.write("a.txt", "a");
  folder.write("b.txt", "b");
  HttpClient client = folder.connect();
  client.send_all(ServedFolder::request("GET /a.txt") + ServedFolder::request("GET /b.txt"));
  CHECK(client.read_answer().body == "a");
  CHECK(client.read_answer().body == "b");
}

TEST_CASE("A file that is shortened while it is read ends its connection, so that nobody takes the part for the whole") {
  ServedFolder folder;
  constexpr size_t promised = 64 * 1024 * 1024;
  folder.write("film.mp4", "");
  std::filesystem::resize_file(folder.root + "/film.mp4", promised);
  auto client = folder.connect();
  REQUIRE(client.send_all(ServedFolder::request("GET /film.mp4")));
  pollfd begun{client.fd(), POLLIN, 0};
  REQUIRE(poll(&begun, 1, 10'000) == 1);
  std::filesystem::resize_file(folder.root + "/film.mp4", 1024 * 1024);
  CHECK(client.read_to_end().size() < promised);
  CHECK(folder.ask("GET /film.mp4").body.size() == 1024 * 1024);
}

TEST_CASE("A folder is a page for people and a list for programs") {
  ServedFolder folder;
  std::filesystem::create_directory(folder.root + "/Clients");
  folder.write("b.txt", "12345");
  auto page = folder.ask("GET /", {"Accept: text/html", "Accept-Language: fr-FR,fr;q=0.9"});
  CHECK(page.header("content-type") == "text/html; charset=utf-8");
  CHECK(page.header("content-security-policy").find("script-src 'self';") != std::string::npos);
  CHECK(page.body.find("href=\"./Clients/\"") != std::string::npos);
  CHECK(page.body.find("lang=\"fr\"") != std::string::npos);
  auto list = folder.ask("GET /?json");
  CHECK(list.header("content-type") == "application/json");
  CHECK(list.body.find(R"({"name":"Clients","url":"Clients/","kind":"folder","bytes":null)") != std::string::npos);
  CHECK(list.body.find(R"({"name":"b.txt","url":"b.txt","kind":"file","bytes":5)") != std::string::npos);
  auto redirect = folder.ask("GET /Clients");
  CHECK(redirect.status == 308);
  CHECK(redirect.header("location") == "/Clients/");
}

TEST_CASE("Names of files are text in the page, whatever they hold") {
  ServedFolder folder;
  folder.write("<img src=x onerror=alert(1)>\"'&.txt", "x");
  folder.write("line\nbreak.txt", "x");
  folder.write("latin\xE9.txt", "old");
  auto page = folder.ask("GET /", {"Accept: text/html"}).body;
  CHECK(page.find("<img") == std::string::npos);
  CHECK(page.find("&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;.txt") != std::string::npos);
  CHECK(page.find("latin\xEF\xBF\xBD.txt") != std::string::npos);
  auto list = folder.ask("GET /?json").body;
  CHECK(list.find('<') == std::string::npos);
  CHECK(list.find("line\\u000abreak.txt\",\"url\":null") != std::string::npos);
  CHECK(folder.ask("GET /latin%E9.txt").body == "old");
}

TEST_CASE("What is gone, forbidden or no file is said in plain words") {
  ServedFolder folder;
  auto gone = folder.ask("GET /gone.txt");
  CHECK(gone.status == 404);
  CHECK(gone.body.find(R"("code":"not_found")") != std::string::npos);
  CHECK(folder.ask("GET /gone.txt", {"Accept: text/html"}).body.find("<h1>") != std::string::npos);
  REQUIRE(mkfifo((folder.root + "/pipe").c_str(), 0600) == 0);
  CHECK(folder.ask("GET /pipe").status == 403);
  std::filesystem::create_symlink("/dev/null", folder.root + "/device");
  CHECK(folder.ask("GET /device").status == 403);
  folder.write("a.txt", "x");
  CHECK(folder.ask("GET /a.txt/").status == 404);
  CHECK(folder.ask("GET /a.txt/b").status == 404);
  std::filesystem::remove_all(folder.root);
  CHECK(folder.ask("GET /").status == 404);
}
