#include "daemon/admin/locked_door.hpp"

#include <signal.h>
#include <sys/socket.h>

#include <cerrno>

#include "daemon/storage/passphrase_limits.hpp"
#include "daemon/observe/service_notify.hpp"
#include "daemon/observe/watchdog.hpp"

namespace drawbridge::admin {
namespace {

constexpr size_t visitors_at_once = 8;

Error locked() {
  return {ErrorCode::state, "The key of this computer is locked with a passphrase.", "Run: drawbridge unlock"};
}

void send_all(int fd, const Response& response) {
  Bytes frame;
  if (!append_frame(frame, encode(response))) return;
  // A few hundred bytes into an empty socket: they fit.
  (void)send(fd, frame.data(), frame.size(), MSG_NOSIGNAL);
}

}  // namespace

// One who says `unlock`, while he types.
class LockedDoor::Visitor {
 public:
  Visitor(LockedDoor& door, uint64_t request, FileDescriptor stream)
      : door_(door), request_(request), stream_(std::move(stream)), watch_(door.loop_, stream_.get(), [this](unsigned) { hear(); }) {
    watch_.want(FdWatch::readable);
  }

  bool over() const { return over_; }

 private:
  void hear() {
    MutableBytes rest = passphrase_.reveal_mutable().subspan(length_);
    ssize_t got = rest.empty() ? -1 : recv(stream_.get(), rest.data(), rest.size(), 0);
    if (got < 0 && !rest.empty() && (errno == EAGAIN || errno == EINTR)) return;
    if (got > 0) length_ += static_cast<size_t>(got);
    if (got > 0 && length_ < passphrase_.size()) return;
    watch_.close();
    passphrase_.shrink(length_);
    send_all(stream_.get(), door_.judge(request_, passphrase_));
    stream_.reset();
    over_ = true;
  }

  LockedDoor& door_;
  uint64_t request_;
  FileDescriptor stream_;
  SecretBytes passphrase_{longest_passphrase + 1};
  size_t length_ = 0;
  bool over_ = false;
  FdWatch watch_;
};

LockedDoor::LockedDoor(Log& log, int listener, std::optional<gid_t> group, std::string name, Try attempt)
    : log_(log),
      name_(std::move(name)),
      attempt_(std::move(attempt)),
      server_(loop_, listener, [this](CallPtr call) { handle(call); }, group) {
  loop_.at_turn_end([this] {
    server_.sweep();
    visitors_.remove_if([](const auto& visitor) { return visitor->over(); });
  });
}

LockedDoor::~LockedDoor() = default;

std::optional<KeyFile> LockedDoor::wait() {
  std::vector<std::unique_ptr<SignalWatch>> signals;
  for (int number : {SIGTERM, SIGINT})
    signals.push_back(std::make_unique<SignalWatch>(loop_, number, [this] { loop_.stop(); }));
  log_.warning(LogEvent::locked, {{LogField::message, locked().message}, {LogField::remedy, locked().remedy}});
  // For systemd it has started: there is nothing to wait for but a person.
  notify_service("READY=1\nSTATUS=Locked: waiting for 'drawbridge unlock'");
  Watchdog watchdog(loop_);
  loop_.run();
  notify_service(key_ ? "STATUS=" : "STOPPING=1");
  return std::move(key_);
}

void LockedDoor::handle(const CallPtr& call) {
  const std::string& command = call->request().command;
  if (command == "status") return call->result(status());
  if (command == "wait") return waiting_.push_back(call);  // answered by the daemon behind the door, when asked again
  if (command != "unlock") return call->fail(locked());
  if (visitors_.size() >= visitors_at_once)
    return call->fail({ErrorCode::try_later, "Others are typing the passphrase just now.", "Try again in a moment."});
  call->result_and_take_stream(Value::map({{"locked", true}}), [this, request = call->request().id](FileDescriptor stream) {
    if (stream) hear(request, std::move(stream));
  });
}

void LockedDoor::hear(uint64_t request, FileDescriptor stream) {
  visitors_.push_back(std::make_unique<Visitor>(*this, request, std::move(stream)));
}

Response LockedDoor::judge(uint64_t request, const SecretBytes& passphrase) {
  if (passphrase.size() > longest_passphrase)
    return failed(request, {ErrorCode::limit, "The passphrase is too long.", "Type the one that was set."});
  if (key_) return success(request, Value::map({{"locked", false}}), false);
  auto key = attempt_(passphrase);
  if (!key) {
    log_.warning(LogEvent::unlock_refused, {{LogField::message, key.error().message}});
    return failed(request, key.error());
  }
  key_ = key.take();
  loop_.stop();
  return success(request, Value::map({{"locked", false}}), false);
}

Value LockedDoor::status() const {
  return Value::map({{"node", Value::map({{"id", nullptr},
                                          {"name", name_},
                                          {"version", DRAWBRIDGE_VERSION},
                                          {"listen", Value::array()},
                                          {"started_at", nullptr},
                                          {"displaced", false},
                                          {"locked", true}})},
                     {"peers", Value::array()},
                     {"services", Value::array()}});
}

}  // namespace drawbridge::admin
