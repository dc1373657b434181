// A plain HTTP client on one descriptor: says exactly what it is told, and takes answers apart.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <map>
#include <string>

#include "daemon/io/file_descriptor.hpp"

namespace drawbridge {

struct HttpAnswer {
  int status = 0;                              // 0: the other end closed without an answer
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  std::string header(const std::string& name) const {
    auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

class HttpClient {
 public:
  explicit HttpClient(FileDescriptor fd) : fd_(std::move(fd)) {}

  // False: the other end has closed.
  bool send_all(std::string_view text) {
    while (!text.empty()) {
      ssize_t sent = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent > 0)
        text.remove_prefix(static_cast<size_t>(sent));
      else if (sent < 0 && errno == EAGAIN)
        wait(POLLOUT);
      else
        return false;
    }
    return true;
  }

  // The next answer. `to_head`: it has no body whatever its length says.
  HttpAnswer read_answer(bool to_head = false) {
    size_t end;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!fill()) return {};
    }
    HttpAnswer answer = parse_head(buffer_.substr(0, end));
    buffer_.erase(0, end + 4);
    if (!to_head && answer.status != 304 && answer.status != 204 && answer.status >= 200) read_body(answer);
    return answer;
  }

  HttpAnswer ask(const std::string& request, bool to_head = false) {
    send_all(request);
    return read_answer(to_head);
  }

  // Everything until the other end closes.
  std::string read_to_end() {
    while (fill()) {
    }
    return std::exchange(buffer_, {});
  }

  void cut() { fd_.reset(); }
  void finish() { shutdown(fd_.get(), SHUT_WR); }
  int fd() const { return fd_.get(); }

 private:
  void wait(short events) {
    pollfd one{fd_.get(), events, 0};
    REQUIRE(poll(&one, 1, 10'000) == 1);
  }

  bool fill() {
    char bytes[65536];
    for (;;) {
      ssize_t length = recv(fd_.get(), bytes, sizeof bytes, 0);
      if (length > 0) {
        buffer_.append(bytes, static_cast<size_t>(length));
        return true;
      }
      if (length == 0 || (errno != EAGAIN && errno != EINTR)) return false;
      wait(POLLIN);
    }
  }

  static HttpAnswer parse_head(const std::string& head) {
    HttpAnswer answer;
    answer.status = std::stoi(head.substr(9, 3));
    for (size_t line = head.find("\r\n"); line != std::string::npos; line = head.find("\r\n", line + 2)) {
      size_t colon = head.find(':', line), end = std::min(head.find("\r\n", line + 2), head.size());
      std::string name = head.substr(line + 2, colon - line - 2);
      for (char& c : name) c = static_cast<char>(std::tolower(c));
      std::string& value = answer.headers[name];
      value += (value.empty() ? "" : "\n") + head.substr(colon + 2, end - colon - 2);
    }
    return answer;
  }

  void read_body(HttpAnswer& answer) {
    if (!answer.headers.contains("content-length")) {
      answer.body = read_to_end();
      return;
    }
    size_t length = std::stoul(answer.header("content-length"));
    while (buffer_.size() < length && fill()) {
    }
    answer.body = buffer_.substr(0, length);
    buffer_.erase(0, length);
  }

  FileDescriptor fd_;
  std::string buffer_;
};

}  // namespace drawbridge
