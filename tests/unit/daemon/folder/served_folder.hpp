// A folder of the test's own, served, with verbs for what people do with it.
#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "daemon/folder/folder_server.hpp"
#include "http_client.hpp"
#include "tests/unit/daemon/temporary_folder.hpp"

namespace drawbridge::folder {

class ServedFolder {
 public:
  explicit ServedFolder(bool read_only = false) : root(outside.file("root")) {
    std::filesystem::create_directory(root);
    auto started = FolderServer::start(root, "files", read_only);
    REQUIRE(started);
    server_ = started.take();
  }

  void write(const std::string& name, const std::string& content) const {
    std::ofstream(root + "/" + name, std::ios::binary) << content;
  }
  std::string read(const std::string& name) const {
    std::ifstream file(root + "/" + name, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  bool exists(const std::string& name) const {
    return std::filesystem::exists(std::filesystem::symlink_status(root + "/" + name));
  }
  // All names at the root, hidden ones too.
  size_t count() const {
    return static_cast<size_t>(
        std::distance(std::filesystem::directory_iterator(root), std::filesystem::directory_iterator()));
  }

  // Whether the other threads bring the condition about within 10 s.
  template <typename Condition>
  static bool eventually(Condition condition) {
    auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }

  HttpClient connect() {
    auto fd = server_->connect();
    REQUIRE(fd);
    return HttpClient(fd.take());
  }

  Result<FileDescriptor> try_connect() { return server_->connect(); }

  // "GET /x", {"Range: bytes=0-1"}, body. Host is said.
  HttpAnswer ask(const std::string& line, std::vector<std::string> headers = {}, const std::string& body = "") {
    return connect().ask(request(line, std::move(headers), body), line.starts_with("HEAD"));
  }

  static std::string request(const std::string& line, std::vector<std::string> headers = {},
                             const std::string& body = "") {
    std::string out = line + " HTTP/1.1\r\nHost: files.office.localhost:8300\r\n";
    for (const std::string& header : headers) out += header + "\r\n";
    if (line.starts_with("PUT") || !body.empty()) out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return out + "\r\n" + body;
  }

  TemporaryFolder outside;  // its folder "root" is served, and nothing else of it
  std::string root;

 private:
  std::unique_ptr<FolderServer> server_;
};

}  // namespace drawbridge::folder
