// The answer's way: from the service to the browser.
#include "daemon/gateway/connection.hpp"

namespace drawbridge::gateway {

using http::asks_for_websocket;

namespace {

constexpr size_t piece_size = 64 * 1024;

// What a flow's end means for the person; the rest is in the office's log.
std::pair<unsigned, std::string> explain(FlowReset reset, const std::string& message) {
  switch (reset) {
    case FlowReset::no_such_service:
      return {404, "The office does not offer this service to this device any more."};
    case FlowReset::revoked:
    case FlowReset::grant_ended:
      return {403, "This device is no longer allowed to use this service."};
    case FlowReset::connection_lost:
      return {502, "The connection to the office was lost. Load the page again."};
    default:
      return {502, message.empty() ? "The service at the office does not answer." : message};
  }
}

}  // namespace

void Connection::upstream_accepted() {
  upstream_accepted_ = true;
  if (!ending_) timer_.stop();
}

void Connection::upstream_readable() {
  advance_response();
}

void Connection::upstream_writable() {
  if (tunnel_) return become_tunnel();
  advance_request();
}

void Connection::advance_response() {
  while (upstream_ && !client_.full() && !finished_ && !tunnel_) {
    ByteView bytes = upstream_->readable();
    if (bytes.empty()) {
      if (upstream_->at_end()) response_stream_ended();
      return;
    }
    // A service that speaks without being asked is not listened to.
    if (response_phase_ == ResponsePhase::none) return upstream_.reset();
    size_t used = 0;
    auto progress = response_.feed(bytes.first(std::min(bytes.size(), piece_size)), used,
                                   [this](ByteView piece) { pass_response_body(piece); });
    upstream_->consume(used);
    if (!take_response(progress)) return;
  }
}

// False: nothing more is to be read for now.
bool Connection::take_response(MessageParser::Progress progress) {
  switch (progress) {
    case MessageParser::Progress::more:
      return true;
    case MessageParser::Progress::head:
      pass_response_head();
      return true;
    case MessageParser::Progress::complete:
      response_complete();
      return true;
    case MessageParser::Progress::failed:
      service_failed(502, "The service's answer is not one for a browser.");
      return false;
  }
  return false;
}

void Connection::pass_response_head() {
  if (!upstream_accepted_) upstream_accepted();
  const Head &asked = request_.head(), &head = response_.head();
  bool interim = head.status < 200;
  if (head.status == 101 && !(head.upgrade && asks_for_websocket(asked)))
    return service_failed(502, "The service changed its language without being asked.");
  form_ = http::response_form(asked, head);
  response_phase_ = ResponsePhase::body;
  if (interim && asked.minor == 0) return;
  client_.write(as_bytes(response_for_browser(head, form_)));
}

void Connection::pass_response_body(ByteView piece) {
  if (!form_.chunk) return client_.write(piece);
  client_.write(as_bytes(http::chunk_size_line(piece.size())));
  client_.write(piece);
  client_.write(as_bytes("\r\n"));
}

void Connection::response_complete() {
  unsigned status = response_.head().status;
  if (status == 101) return become_tunnel();
  if (status < 200) {
    response_.restart(request_.head().method == "HEAD");
    response_phase_ = ResponsePhase::head;
    return;
  }
  if (form_.chunk) client_.write(as_bytes("0\r\n\r\n"));
  response_phase_ = ResponsePhase::none;
  if (form_.close || request_phase_ != RequestPhase::complete) return end_after_write();
  if (response_.head().keep_alive)
    upstream_used_ = true;
  else
    upstream_.reset();
  request_phase_ = RequestPhase::head;
  timer_.start(idle_for);
  advance_request();
}

// The service has sent everything it ever will.
void Connection::response_stream_ended() {
  if (response_phase_ == ResponsePhase::none) return upstream_.reset();
  if (response_phase_ == ResponsePhase::body && response_.feed_end() == MessageParser::Progress::complete)
    return response_complete();
  service_failed(502, "The service ended the connection without an answer.");
}

void Connection::upstream_ended(FlowReset reset, const std::string& message) {
  if (reset == FlowReset::none && response_phase_ == ResponsePhase::body &&
      response_.feed_end() == MessageParser::Progress::complete) {
    upstream_.reset();
    return response_complete();
  }
  upstream_.reset();
  if (response_phase_ == ResponsePhase::none && request_phase_ == RequestPhase::head) return;
  auto [status, text] = explain(reset, message);
  service_failed(status, text);
}

void Connection::service_failed(unsigned status, const std::string& message) {
  // An answer that has begun cannot be taken back; it must not look whole either. On a flow that had served before, the
  // service may just have closed it: the browser asks again by itself when it hears nothing.
  bool unsaid = response_phase_ != ResponsePhase::body && !upstream_used_;
  if (unsaid) return refuse(status, message);
  client_.abandon();
  finish();
}

void Connection::become_tunnel() {
  tunnel_ = true;
  client_.want_read(false);
  if (!incoming_.empty()) upstream_->write(as_bytes(std::exchange(incoming_, {})));
  if (client_.full() || upstream_->full()) return;
  upstream_->hand_over(client_.release());
  finish();
}

}  // namespace drawbridge::gateway
