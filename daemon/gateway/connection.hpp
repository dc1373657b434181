// Connection: one browser connection of the gateway: requests come in, go to their service, answers go back, in order.
//
// Bytes are moved only as fast as the slower side takes them. What one side has sent and the other has not taken is
// at most one read (64 KiB) and a head.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "daemon/http/buffered_socket.hpp"
#include "daemon/http/message_parser.hpp"
#include "daemon/gateway/rewrite.hpp"
#include "daemon/gateway/routes.hpp"
#include "daemon/gateway/upstream.hpp"

namespace drawbridge::gateway {

using http::BufferedSocket;

class Connection final : public Upstream::Listener {
 public:
  // What all connections share; outlives them.
  struct Surroundings {
    Loop& loop;
    FlowTable& flows;
    FlowPort& port;
    const Routes& routes;
    std::function<uint16_t()> listening_port;
    std::function<Result<FlowId>(const DeviceId& office, const std::string& service)> open_flow;
    std::function<void(Connection*)> finished;  // the connection may be destroyed after this turn's callbacks
  };

  Connection(Surroundings& around, FileDescriptor client);

 private:
  static constexpr Duration idle_for = 75s;  // between requests; browsers close earlier
  enum class RequestPhase { head, body, complete };
  enum class ResponsePhase { none, head, body };

  // The request's way
  void client_readable();
  void client_drained();
  void advance_request();
  bool advance_head();
  bool advance_body();
  void begin_exchange();
  bool open_upstream(const Route& route);
  void pass_body(ByteView piece);

  // The answer's way
  void upstream_accepted() override;
  void upstream_readable() override;
  void upstream_writable() override;
  void upstream_ended(FlowReset reset, const std::string& message) override;
  void advance_response();
  bool take_response(MessageParser::Progress progress);
  void pass_response_head();
  void pass_response_body(ByteView piece);
  void response_complete();
  void response_stream_ended();
  void service_failed(unsigned status, const std::string& message);
  void become_tunnel();

  // The gateway's own answers
  void answer(unsigned status, const std::string& type, std::string_view body, bool bodiless);
  void refuse(unsigned status, const std::string& message);
  void answer_office_page(const RoutedOffice& office);

  void end_after_write();
  void finish();
  void timed_out();
  bool idle() const { return request_phase_ == RequestPhase::head && response_phase_ == ResponsePhase::none; }

  Surroundings& around_;
  BufferedSocket client_;
  LocalTimer timer_;
  std::string incoming_;  // from the browser, not parsed yet
  MessageParser request_{MessageParser::Kind::request};
  MessageParser response_{MessageParser::Kind::response};
  RequestPhase request_phase_ = RequestPhase::head;
  ResponsePhase response_phase_ = ResponsePhase::none;
  ResponseForm form_;  // of the answer under way
  std::unique_ptr<Upstream> upstream_;
  DeviceId upstream_office_;
  std::string upstream_service_;
  bool upstream_used_ = false;  // it has carried a whole exchange already
  bool upstream_accepted_ = false;
  bool tunnel_ = false;  // upgraded: raw bytes from here on
  bool ending_ = false;  // nothing more is read; what is written still goes out
  bool finished_ = false;
};

}  // namespace drawbridge::gateway
