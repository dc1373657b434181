// ServiceConnection: at the office, one connection of a device to an `http://` service: requests are read strictly and
// passed to the program with who is asking, answers go back, in order; an upgrade to WebSocket makes the rest raw bytes.
//
// Bytes move only as fast as the slower side takes them: one read (64 KiB) and a head are held for each direction.
#pragma once

#include "daemon/http/buffered_socket.hpp"
#include "daemon/http/identified_heads.hpp"

namespace drawbridge::http {

class ServiceConnection {
 public:
  // Where it leads, and for whom.
  struct Ends {
    Asker asker;
    std::string target;  // HOST:PORT
  };

  // `device`: stream of the device's bytes; `program`: connected. `finished` is called once; the connection must outlive
  // that call.
  ServiceConnection(Loop& loop, FileDescriptor device, FileDescriptor program, Ends ends, std::function<void()> finished);

 private:
  enum class RequestPhase { head, body, complete };
  enum class ResponsePhase { none, head, body };

  void device_readable();
  void advance_request();
  bool advance_head();
  void begin_exchange();
  bool advance_body();
  void pass_body(ByteView piece);

  void program_readable();
  void advance_response();
  bool take_response(MessageParser::Progress progress);
  void pass_response_head();
  void pass_response_body(ByteView piece);
  void response_complete();
  void program_ended();

  void pass_raw(BufferedSocket& from, BufferedSocket& to, std::string& held, bool& ended);
  void advance_raw();
  void refuse(unsigned status, const std::string& message);
  void program_failed(const std::string& message);
  void program_broke();
  void end_after_write();
  void finish();

  BufferedSocket device_, program_;
  Ends ends_;
  std::function<void()> finished_;
  LocalTimer head_timer_, linger_;
  std::string from_device_, from_program_;  // not parsed yet
  MessageParser request_{MessageParser::Kind::request};
  MessageParser response_{MessageParser::Kind::response};
  RequestPhase request_phase_ = RequestPhase::head;
  ResponsePhase response_phase_ = ResponsePhase::none;
  ResponseForm form_;
  bool device_ended_ = false, program_ended_ = false;
  bool raw_ = false;     // upgraded
  bool ending_ = false;  // nothing more is read; what is written still goes out
};

}  // namespace drawbridge::http
