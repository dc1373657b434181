#include "daemon/http/service_connection.hpp"

#include <utility>

#include "daemon/http/head_check.hpp"

namespace drawbridge::http {
namespace {

constexpr size_t read_size = 64 * 1024;
constexpr Duration head_within = 15s;  // a head that has begun
constexpr Duration linger_for = 5s;    // for the device to take a last answer

}  // namespace

ServiceConnection::ServiceConnection(Loop& loop, FileDescriptor device, FileDescriptor program, Ends ends,
                                     std::function<void()> finished)
    : device_(loop, std::move(device),
              {[this] { device_readable(); }, [this] { raw_ ? advance_raw() : advance_response(); }, [this] { finish(); }}),
      program_(loop, std::move(program),
               {[this] { program_readable(); },
                [this] { raw_ ? advance_raw() : advance_request(); },
                [this] { program_broke(); }}),
      ends_(std::move(ends)),
      finished_(std::move(finished)),
      head_timer_(loop, [this] { refuse(408, "The request came too slowly."); }),
      linger_(loop, [this] { finish(); }) {}

// --- the request's way ---------------------------------------------------------------------------------------------

void ServiceConnection::device_readable() {
  if (raw_) return advance_raw();
  if (device_.read(from_device_, ending_ ? read_size : read_size - from_device_.size()) == BufferedSocket::ReadResult::ended) {
    device_ended_ = true;
    device_.want_read(false);
    bool nothing_asked = request_phase_ != RequestPhase::complete && response_phase_ != ResponsePhase::body;
    if (ending_ || (nothing_asked && from_device_.empty())) return finish();
  }
  advance_request();
}

void ServiceConnection::advance_request() {
  bool more = true;
  while (more && !ending_ && finished_) {
    more = request_phase_ == RequestPhase::head   ? advance_head()
           : request_phase_ == RequestPhase::body ? advance_body()
                                                  : false;
  }
  if (!finished_) return;
  if (ending_) from_device_.clear();
  if (!raw_ && !device_ended_) device_.want_read(from_device_.size() < read_size);
}

bool ServiceConnection::advance_head() {
  if (from_device_.empty()) return false;
  request_.restart();
  HeadCheck check = check_head(from_device_);
  if (check.kind == HeadCheck::Kind::incomplete) {
    head_timer_.start(head_within);
    return false;
  }
  head_timer_.stop();
  if (check.kind == HeadCheck::Kind::too_long) {
    refuse(431, "The request's head is too long.");
    return false;
  }
  size_t used = 0;
  bool good = check.kind == HeadCheck::Kind::complete &&
              request_.feed(as_bytes(std::string_view(from_device_).substr(0, check.length)), used, [](ByteView) {}) == MessageParser::Progress::head;
  from_device_.erase(0, used);
  if (!good) {
    refuse(400, "This is not a request that can be read in one way only.");
    return false;
  }
  begin_exchange();
  return true;
}

void ServiceConnection::begin_exchange() {
  const Head& head = request_.head();
  if (auto refusal = check_request(head)) return refuse(refusal->status, refusal->message);
  if (auto refusal = check_site(head)) return refuse(refusal->status, refusal->message);
  if (auto refusal = check_host(head, ends_.target)) return refuse(refusal->status, refusal->message);
  request_phase_ = RequestPhase::body;
  response_.restart(head.method == "HEAD");
  response_phase_ = ResponsePhase::head;
  program_.write(as_bytes(request_for_program(head, ends_.asker, ends_.target)));
}

bool ServiceConnection::advance_body() {
  if (from_device_.empty() || program_.full()) return false;
  size_t used = 0;
  auto progress = request_.feed(as_bytes(from_device_), used, [this](ByteView piece) { pass_body(piece); });
  from_device_.erase(0, used);
  if (progress == MessageParser::Progress::failed) program_failed("The request's body cannot be read.");
  if (progress == MessageParser::Progress::complete) {
    if (request_.head().chunked) program_.write(as_bytes("0\r\n\r\n"));
    request_phase_ = RequestPhase::complete;
  }
  return !from_device_.empty();
}

void ServiceConnection::pass_body(ByteView piece) {
  bool chunked = request_.head().chunked;
  if (chunked) program_.write(as_bytes(chunk_size_line(piece.size())));
  program_.write(piece);
  if (chunked) program_.write(as_bytes("\r\n"));
}

// --- the answer's way ----------------------------------------------------------------------------------------------

void ServiceConnection::program_readable() {
  if (raw_) return advance_raw();
  advance_response();
}

void ServiceConnection::advance_response() {
  if (ending_) {
    if (!device_.full()) linger_.start(linger_for);
    return;
  }
  while (!device_.full() && !raw_ && !ending_ && finished_) {
    if (from_program_.empty()) {
      auto result = program_ended_ ? BufferedSocket::ReadResult::ended : program_.read(from_program_, read_size);
      if (result == BufferedSocket::ReadResult::none) break;
      if (result == BufferedSocket::ReadResult::ended) return program_ended();
    }
    // A program that speaks without being asked is not listened to.
    if (response_phase_ == ResponsePhase::none) return finish();
    size_t used = 0;
    auto progress = response_.feed(as_bytes(from_program_), used, [this](ByteView piece) { pass_response_body(piece); });
    from_program_.erase(0, used);
    if (!take_response(progress)) return;
  }
  if (finished_ && !raw_) program_.want_read(!program_ended_ && !device_.full() && !ending_);
}

// False: nothing more is to be read for now.
bool ServiceConnection::take_response(MessageParser::Progress progress) {
  if (progress == MessageParser::Progress::head) pass_response_head();
  if (progress == MessageParser::Progress::complete) response_complete();
  if (progress != MessageParser::Progress::failed) return true;
  program_failed("The program's answer is not HTTP.");
  return false;
}

void ServiceConnection::pass_response_head() {
  const Head &asked = request_.head(), &head = response_.head();
  if (head.status == 101 && !(head.upgrade && asks_for_websocket(asked))) {
    return program_failed("The program changed its language without being asked.");
  }
  form_ = response_form(asked, head);
  // One connection of the device is one to the program.
  form_.close = form_.close || !head.keep_alive;
  response_phase_ = ResponsePhase::body;
  if (head.status < 200 && asked.minor == 0) return;
  device_.write(as_bytes(response_for_device(head, form_, std::string(header_value(asked, "Host")), ends_.target)));
}

void ServiceConnection::pass_response_body(ByteView piece) {
  if (form_.chunk) device_.write(as_bytes(chunk_size_line(piece.size())));
  device_.write(piece);
  if (form_.chunk) device_.write(as_bytes("\r\n"));
}

void ServiceConnection::response_complete() {
  unsigned status = response_.head().status;
  if (status == 101) {
    raw_ = true;
    return advance_raw();
  }
  response_.restart(request_.head().method == "HEAD");
  if (status < 200) {
    response_phase_ = ResponsePhase::head;
    return;
  }
  if (form_.chunk) device_.write(as_bytes("0\r\n\r\n"));
  response_phase_ = ResponsePhase::none;
  if (form_.close || device_ended_ || request_phase_ != RequestPhase::complete) return end_after_write();
  request_phase_ = RequestPhase::head;
  advance_request();
}

void ServiceConnection::program_ended() {
  program_ended_ = true;
  program_.want_read(false);
  if (response_phase_ == ResponsePhase::none) return end_after_write();
  if (response_phase_ == ResponsePhase::body && response_.feed_end() == MessageParser::Progress::complete) {
    form_.close = true;
    return response_complete();
  }
  program_failed("The service's program ended the connection without an answer.");
}

// --- after an upgrade ------------------------------------------------------------------------------------------------

void ServiceConnection::advance_raw() {
  pass_raw(device_, program_, from_device_, device_ended_);
  pass_raw(program_, device_, from_program_, program_ended_);
  if (device_ended_ && program_ended_ && !device_.full() && !program_.full()) finish();
}

void ServiceConnection::pass_raw(BufferedSocket& from, BufferedSocket& to, std::string& held, bool& ended) {
  if (!held.empty()) to.write(as_bytes(std::exchange(held, {})));
  while (!to.full() && !ended) {
    auto result = from.read(held, read_size);
    if (result == BufferedSocket::ReadResult::none) break;
    ended = result == BufferedSocket::ReadResult::ended;
    if (ended) to.finish_write();
    else to.write(as_bytes(std::exchange(held, {})));
  }
  from.want_read(!ended && !to.full());
}

// --- ends ------------------------------------------------------------------------------------------------------------

void ServiceConnection::refuse(unsigned status, const std::string& message) {
  std::string body = message + "\n";
  device_.write(as_bytes("HTTP/1.1 " + std::to_string(status) + " Refused\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: " +
                         std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + (request_.head().method == "HEAD" ? "" : body)));
  end_after_write();
}

void ServiceConnection::program_failed(const std::string& message) {
  if (raw_ || ending_ || response_phase_ == ResponsePhase::body || response_phase_ == ResponsePhase::none) return finish();
  refuse(502, message);
}

// It takes no more; what it said before may still be an answer.
void ServiceConnection::program_broke() {
  if (!raw_) advance_response();
  if (!ending_) program_failed("The service's program ended the connection.");
}

void ServiceConnection::end_after_write() {
  ending_ = true;
  head_timer_.stop();
  from_device_.clear();
  program_.want_read(false);
  device_.want_read(!device_ended_);
  device_.finish_write();
  if (!device_.full()) linger_.start(linger_for);
}

void ServiceConnection::finish() {
  auto finished = std::exchange(finished_, nullptr);
  if (!finished) return;
  head_timer_.stop();
  linger_.stop();
  device_.want_read(false);
  program_.want_read(false);
  finished();
}

}  // namespace drawbridge::http
