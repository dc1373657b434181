// PageConnection: one connection of a browser to the office's page: files, and commands as JSON, one request at a time.
// An answer of a command is a line each, in chunks, so that commands that stay (a watch, a pairing) are live.
#pragma once

#include "daemon/admin/call.hpp"
#include "daemon/http/buffered_socket.hpp"
#include "daemon/http/message_parser.hpp"
#include "daemon/office_page/page_rules.hpp"
#include "daemon/office_page/sessions.hpp"

namespace drawbridge::office_page {

class PageConnection final : private admin::CallClient {
 public:
  // What all connections share; outlives them.
  struct Surroundings {
    Loop& loop;
    Sessions& sessions;
    std::function<void(admin::CallPtr)> run;  // a command that the caller may ask for here
    std::function<void()> sessions_changed;
  };

  // `host`: see read_page_request. A caller with a device needs no session: its flow is proof enough. `finished`: the
  // connection may be destroyed, but not inside that call.
  PageConnection(Surroundings& around, FileDescriptor browser, std::string host, admin::Caller caller, std::function<void()> finished);
  ~PageConnection() override;

  // A session may have ended: whoever relied on it is told, and cut.
  void check_session();

 private:
  static constexpr Duration idle_for = 75s;         // between requests; browsers close earlier
  static constexpr Duration request_within = 15s;   // a request that has begun
  static constexpr Duration read_within = 60s;      // what is written, by the browser
  static constexpr Duration linger_for = 2s;        // for a last answer to be read
  enum class Phase { head, body, answering, ending };

  void readable();
  void drained();
  void advance();
  bool advance_head();
  bool advance_body();
  void take_request();
  void begin_session();
  void begin_call();
  bool has_session(bool touched);

  // CallClient
  void send(const admin::Response& response) override;
  void finished(admin::Call& call) override;
  void take_stream(std::function<void(FileDescriptor)> taken) override { taken(FileDescriptor()); }
  void when_sent(std::function<void()> callback) override;

  void answer(unsigned status, const std::string& headers, std::string_view type, std::string_view body);
  void answer_asset();
  void refuse(unsigned status, const std::string& message);
  void answered();
  void write(std::string_view text);
  void timed_out();
  void end();
  void finish();

  Surroundings& around_;
  std::string host_;
  admin::Caller caller_;
  std::function<void()> finished_;
  http::BufferedSocket browser_;
  LocalTimer timer_, stalled_;
  std::string incoming_, body_;
  http::MessageParser parser_{http::MessageParser::Kind::request};
  PageRequest request_;
  Phase phase_ = Phase::head;
  std::string session_;  // of the request under way
  admin::CallPtr call_;
  std::vector<std::function<void()>> when_sent_;
  bool resume_ = false;  // another request waits behind the one that was answered
};

}  // namespace drawbridge::office_page
