#include "daemon/office_page/page_connection.hpp"

#include <utility>

#include "daemon/gateway/pages.hpp"
#include "daemon/http/head_check.hpp"
#include "daemon/http/head_writer.hpp"
#include "daemon/office_page/json.hpp"

namespace drawbridge::office_page {

using admin::Value;
using http::check_head;
using http::HeadCheck;
using http::header_value;
using http::MessageParser;

namespace {

constexpr size_t read_size = 64 * 1024;
constexpr const char* json_type = "application/json";

Value error_value(const std::string& code, const std::string& message, const std::string& remedy) {
  return Value::map({{"error", Value::map({{"code", code}, {"message", message}, {"remedy", remedy}})}});
}

Value line_of(const admin::Response& response) {
  if (response.failure) return error_value(response.failure->code, response.failure->message, response.failure->remedy);
  return Value::map({{"more", response.more}, {"result", response.result}});
}

const char* code_for(unsigned status) {
  switch (status) {
    case 401:
      return "closed";
    case 403:
    case 421:
      return "not_allowed";
    case 404:
      return "not_found";
    case 413:
    case 431:
      return "limit";
    default:
      return "malformed";
  }
}

}  // namespace

PageConnection::PageConnection(Surroundings& around, FileDescriptor browser, std::string host, admin::Caller caller,
                               std::function<void()> finished)
    : around_(around),
      host_(std::move(host)),
      caller_(std::move(caller)),
      finished_(std::move(finished)),
      browser_(around.loop, std::move(browser), {[this] { readable(); }, [this] { drained(); }, [this] { finish(); }}),
      timer_(around.loop, [this] { timed_out(); }),
      stalled_(around.loop, [this] { finish(); }) {
  timer_.start(idle_for);
}

PageConnection::~PageConnection() {
  if (call_) call_->abandon();
}

// --- the request ---------------------------------------------------------------------------------------------------

// While an answer is under way as much is read as is kept, so that a browser that leaves is noticed.
void PageConnection::readable() {
  if (phase_ == Phase::ending) incoming_.clear();
  if (browser_.read(incoming_, read_size - incoming_.size()) == http::BufferedSocket::ReadResult::ended) return finish();
  advance();
}

void PageConnection::advance() {
  bool more = true;
  while (more && finished_) more = phase_ == Phase::head ? advance_head() : phase_ == Phase::body && advance_body();
  if (finished_) browser_.want_read(phase_ == Phase::ending || incoming_.size() < read_size);
}

bool PageConnection::advance_head() {
  if (incoming_.empty()) return false;
  HeadCheck check = check_head(incoming_);
  if (check.kind == HeadCheck::Kind::incomplete) {
    timer_.start(request_within);
    return false;
  }
  parser_.restart();
  size_t used = 0;
  bool good = check.kind == HeadCheck::Kind::complete &&
              parser_.feed(as_bytes(std::string_view(incoming_).substr(0, check.length)), used, [](ByteView) {}) == MessageParser::Progress::head;
  if (!good) {
    bool too_long = check.kind == HeadCheck::Kind::too_long;
    refuse(too_long ? 431 : 400, too_long ? "The request's head is too long." : "This is not a request that can be read in one way only.");
    return false;
  }
  incoming_.erase(0, check.length);
  auto read = read_page_request(parser_.head(), host_);
  if (const auto* refusal = std::get_if<http::Refusal>(&read)) {
    refuse(refusal->status, refusal->message);
    return false;
  }
  request_ = std::get<PageRequest>(read);
  phase_ = Phase::body;
  body_.clear();
  timer_.start(request_within);
  return true;
}

// The head says how long it is, and no more than is allowed: http/head_rules.hpp, page_rules.hpp.
bool PageConnection::advance_body() {
  size_t wanted = parser_.head().length.value_or(0) - body_.size();
  size_t here = std::min(wanted, incoming_.size());
  body_.append(incoming_, 0, here);
  incoming_.erase(0, here);
  if (here < wanted) return false;
  timer_.stop();
  phase_ = Phase::answering;
  take_request();
  return phase_ != Phase::answering;
}

bool PageConnection::has_session(bool touched) {
  if (caller_.device) return true;
  session_ = std::string(session_cookie(parser_.head()));
  return around_.sessions.alive(around_.loop.now().boot, session_, touched);
}

void PageConnection::take_request() {
  using Kind = PageRequest::Kind;
  if (request_.kind == Kind::asset) return answer_asset();
  if (request_.kind == Kind::begin_session) return begin_session();
  if (!has_session(request_.kind == Kind::stay))
    return answer(401, "", json_type, to_json(error_value("closed", "This page is closed.", "Open it again: drawbridge open")));
  if (request_.kind == Kind::call) return begin_call();
  if (request_.kind == Kind::end_session && !caller_.device) {
    around_.sessions.end(session_);
    answer(200, set_cookie(""), json_type, "{}");
    return around_.sessions_changed();
  }
  answer(200, "", json_type, "{}");
}

void PageConnection::begin_session() {
  if (caller_.device) return answer(200, "", json_type, "{}");
  auto body = from_json(body_);
  auto session = body ? around_.sessions.begin(around_.loop.now().boot, body->text("link")) : std::nullopt;
  if (!session)
    return answer(403, "", json_type, to_json(error_value("expired", "This link was used, or is too old.", "Make another: drawbridge open")));
  answer(200, set_cookie(*session), json_type, "{}");
  around_.sessions_changed();
}

void PageConnection::begin_call() {
  auto body = from_json(body_);
  const Value* args = body ? body->find("args") : nullptr;
  if (!body || body->text("command").empty() || (args && !args->is_map() && !args->is_null()))
    return refuse(400, "The request is not a command.");
  write(std::string("HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n") + page_headers + "\r\n");
  call_ = std::make_shared<admin::Call>(static_cast<admin::CallClient&>(*this), admin::Request{0, body->text("command"), args && args->is_map() ? *args : Value::map()}, caller_);
  around_.run(call_);
}

// --- the answer ----------------------------------------------------------------------------------------------------

void PageConnection::send(const admin::Response& response) {
  std::string line = to_json(line_of(response)) + "\n";
  std::string end = response.more ? "\r\n" : "\r\n0\r\n\r\n";
  write(http::chunk_size_line(line.size()) + line + end);
  if (response.more || phase_ != Phase::answering) return;
  answered();
  // Not from inside the command that answers.
  resume_ = !incoming_.empty();
  if (resume_) timer_.start(Duration::zero());
}

void PageConnection::finished(admin::Call&) { call_.reset(); }

void PageConnection::when_sent(std::function<void()> callback) {
  if (browser_.full()) return when_sent_.push_back(std::move(callback));
  callback();
}

void PageConnection::drained() {
  stalled_.stop();
  if (phase_ == Phase::ending) return timer_.start(linger_for);
  for (auto& callback : std::exchange(when_sent_, {})) callback();
}

void PageConnection::write(std::string_view text) {
  browser_.write(as_bytes(text));
  if (browser_.full()) stalled_.start(read_within);
}

void PageConnection::answer(unsigned status, const std::string& headers, std::string_view type, std::string_view body) {
  std::string head = "HTTP/1.1 " + std::to_string(status) + " " + gateway::reason_phrase(status) + "\r\nContent-Type: ";
  head.append(type).append("\r\nContent-Length: ").append(std::to_string(body.size())).append("\r\n");
  write(head + headers + page_headers + "\r\n");
  if (!request_.bodiless) write(body);
  answered();
}

void PageConnection::answer_asset() {
  const web::Asset& asset = *request_.asset;
  answer(200, "", asset.type, as_text(asset.bytes));
}

// What came of the request is not read on, so the connection ends.
void PageConnection::refuse(unsigned status, const std::string& message) {
  request_ = {};
  answer(status, "Connection: close\r\n", json_type, to_json(error_value(code_for(status), message, "Load the page again.")));
  end();
}

void PageConnection::answered() {
  phase_ = Phase::head;
  timer_.start(idle_for);
  if (!parser_.head().keep_alive) end();
}

void PageConnection::timed_out() {
  bool resume = std::exchange(resume_, false) && phase_ == Phase::head;
  resume ? advance() : finish();
}

void PageConnection::check_session() {
  if (!call_ || caller_.device || around_.sessions.alive(around_.loop.now().boot, session_, false)) return;
  auto call = call_;
  call->fail({ErrorCode::closed, "This page is closed.", "Open it again: drawbridge open"});
  end();
}

void PageConnection::end() {
  if (phase_ == Phase::ending) return;
  phase_ = Phase::ending;
  incoming_.clear();
  browser_.finish_write();
  timer_.start(linger_for);
}

void PageConnection::finish() {
  auto finished = std::exchange(finished_, nullptr);
  if (!finished) return;
  timer_.stop();
  stalled_.stop();
  browser_.want_read(false);
  when_sent_.clear();
  if (auto call = std::exchange(call_, nullptr)) call->abandon();
  finished();
}

}  // namespace drawbridge::office_page
