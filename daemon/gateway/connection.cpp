#include "daemon/gateway/connection.hpp"

#include "daemon/gateway/failure_page.hpp"
#include "daemon/http/head_check.hpp"
#include "daemon/gateway/pages.hpp"

namespace drawbridge::gateway {

using http::asks_for_websocket;
using http::check_head;
using http::check_request;
using http::check_site;
using http::header_value;
using http::HeadCheck;

namespace {

constexpr size_t read_size = 64 * 1024;
constexpr Duration head_within = 15s;    // a head that has begun
constexpr Duration accept_within = 20s;  // the office's yes or no; after that the person is told
constexpr Duration linger_for = 2s;      // for the browser to read a last answer although it still sends

}  // namespace

Connection::Connection(Surroundings& around, FileDescriptor client)
    : around_(around),
      client_(around.loop, std::move(client),
              {[this] { client_readable(); }, [this] { client_drained(); }, [this] { finish(); }}),
      timer_(around.loop, [this] { timed_out(); }) {
  timer_.start(idle_for);
}

void Connection::client_readable() {
  auto result = client_.read(incoming_, ending_ ? read_size : read_size - incoming_.size());
  if (result == BufferedSocket::ReadResult::ended) return finish();
  advance_request();
}

void Connection::client_drained() {
  if (tunnel_) return become_tunnel();
  if (ending_) return timer_.start(linger_for);
  advance_response();
}

void Connection::advance_request() {
  bool more = true;
  while (more && !ending_ && !finished_) {
    switch (request_phase_) {
      case RequestPhase::head:
        more = advance_head();
        break;
      case RequestPhase::body:
        more = advance_body();
        break;
      case RequestPhase::complete:
        more = false;
        break;
    }
  }
  if (finished_) return;
  if (ending_) incoming_.clear();
  client_.want_read(!tunnel_ && incoming_.size() < read_size);
}

bool Connection::advance_head() {
  if (incoming_.empty()) return false;
  request_.restart();
  HeadCheck check = check_head(incoming_);
  if (check.kind == HeadCheck::Kind::incomplete) {
    timer_.start(head_within);
    return false;
  }
  if (check.kind == HeadCheck::Kind::too_long) {
    refuse(431, "The request's head is too long.");
    return false;
  }
  size_t used = 0;
  bool good = check.kind == HeadCheck::Kind::complete &&
              request_.feed(as_bytes(std::string_view(incoming_).substr(0, check.length)), used, [](ByteView) {}) ==
                  MessageParser::Progress::head;
  incoming_.erase(0, used);
  if (!good) {
    refuse(400, "This is not a request that can be read in one way only.");
    return false;
  }
  request_phase_ = RequestPhase::body;
  begin_exchange();
  return true;
}

void Connection::begin_exchange() {
  timer_.stop();
  form_ = {};
  const Head& head = request_.head();
  if (auto refusal = check_request(head)) return refuse(refusal->status, refusal->message);
  auto route = around_.routes.find(header_value(head, "Host"), around_.listening_port());
  if (!route) return refuse(421, "There is no service of this name.");
  if (auto refusal = check_site(head)) return refuse(refusal->status, refusal->message);
  if (!route->service) return answer_office_page(*route->office);
  if (!open_upstream(*route)) return;
  response_.restart(head.method == "HEAD");
  response_phase_ = ResponsePhase::head;
  upstream_->write(as_bytes(request_for_service(head)));
}

// Keeps the flow of the last exchange if it leads to the same service.
bool Connection::open_upstream(const Route& route) {
  if (upstream_ && upstream_office_ == route.office->id && upstream_service_ == route.service->name) return true;
  upstream_.reset();
  auto flow = around_.open_flow(route.office->id, route.service->name);
  if (!flow) {
    refuse(503, flow.error().message);
    return false;
  }
  upstream_office_ = route.office->id;
  upstream_service_ = route.service->name;
  upstream_used_ = upstream_accepted_ = false;
  upstream_ = std::make_unique<Upstream>(around_.flows, around_.port, *flow, *this);
  timer_.start(accept_within);
  return true;
}

bool Connection::advance_body() {
  if (incoming_.empty() || !upstream_ || upstream_->full()) return false;
  size_t used = 0;
  auto progress = request_.feed(as_bytes(incoming_), used, [this](ByteView piece) { pass_body(piece); });
  incoming_.erase(0, used);
  if (progress == MessageParser::Progress::failed) service_failed(400, "The request's body cannot be read.");
  if (progress == MessageParser::Progress::complete) {
    if (request_.head().chunked) upstream_->write(as_bytes("0\r\n\r\n"));
    request_phase_ = RequestPhase::complete;
  }
  return !incoming_.empty();
}

void Connection::pass_body(ByteView piece) {
  bool chunked = request_.head().chunked;
  if (chunked) upstream_->write(as_bytes(http::chunk_size_line(piece.size())));
  upstream_->write(piece);
  if (chunked) upstream_->write(as_bytes("\r\n"));
}

void Connection::answer(unsigned status, const std::string& type, std::string_view body, bool bodiless) {
  std::string head = "HTTP/1.1 " + std::to_string(status) + " " + reason_phrase(status) + "\r\nContent-Type: " + type +
                     "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
                     std::string(status < 400 ? security_headers : failure_headers) + "Connection: close\r\n\r\n";
  client_.write(as_bytes(head));
  if (!bodiless) client_.write(as_bytes(body));
  end_after_write();
}

void Connection::refuse(unsigned status, const std::string& message) {
  const Head& head = request_.head();
  answer(status, "text/html; charset=utf-8", failure_page(status, message, header_value(head, "Accept-Language")),
         head.method == "HEAD");
}

void Connection::answer_office_page(const RoutedOffice& office) {
  const Head& head = request_.head();
  bool bodiless = head.method == "HEAD";
  if (head.method != "GET" && !bodiless) return refuse(405, "This page can only be looked at.");
  if (const web::Asset* asset = find_page_asset(head.target))
    return answer(200, std::string(asset->type), as_text(asset->bytes), bodiless);
  if (head.target != "/") return refuse(404, "There is no such page.");
  answer(200, "text/html; charset=utf-8",
         office_page(office, around_.listening_port(), header_value(head, "Accept-Language")), bodiless);
}

void Connection::end_after_write() {
  ending_ = true;
  upstream_.reset();
  incoming_.clear();
  client_.want_read(true);
  client_.finish_write();
  if (!client_.full()) timer_.start(linger_for);
}

void Connection::finish() {
  if (std::exchange(finished_, true)) return;
  timer_.stop();
  client_.want_read(false);
  upstream_.reset();
  around_.finished(this);
}

void Connection::timed_out() {
  bool waits_for_office = upstream_ && !upstream_accepted_ && response_phase_ == ResponsePhase::head;
  if (waits_for_office) return refuse(504, "The office is off or cannot be reached just now.");
  if (!ending_ && idle() && !incoming_.empty()) return refuse(408, "The request came too slowly.");
  finish();
}

}  // namespace drawbridge::gateway
