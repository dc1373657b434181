// status, ping, wait: how things are, and waiting until they are so.
#include "daemon/admin/arguments.hpp"
#include "daemon/admin/commands.hpp"
#include "daemon/admin/document_watch.hpp"
#include "daemon/admin/documents.hpp"
#include "daemon/admin/echo.hpp"
#include "daemon/admin/lookup.hpp"

namespace drawbridge::admin {
namespace {

constexpr uint64_t ping_timeout_ms = 5'000;
constexpr uint64_t longest_ping_ms = 600'000;

Value ping_document(Scope& scope, const RelationKey& key, const event::RequestDone& done) {
  for (const PeerStatus& peer : scope.node().peers(scope.now())) {
    if (peer.key != key) continue;
    return Value::map({{"id", to_text(key.peer)},
                       {"name", peer.name},
                       {"rtt_ms", milliseconds(done.rtt)},
                       {"path", path_document(scope, peer)}});
  }
  return {};
}

using Condition = std::function<std::optional<Value>()>;

Value wait_document(const char* what, const DeviceId& id, const std::string& name) {
  return Value::map({{"for", what}, {"id", to_text(id)}, {"name", name}});
}

std::optional<Value> first_peer(Scope& scope, const char* what, const std::function<bool(const PeerStatus&)>& fits) {
  for (const PeerStatus& peer : scope.node().peers(scope.now())) {
    if (fits(peer)) return wait_document(what, peer.key.peer, peer.name);
  }
  return std::nullopt;
}

// Answers once a peer is connected and has proved it by a fresh echo: one that lost its power a moment ago still looks
// connected.
class AwaitConnection : public std::enable_shared_from_this<AwaitConnection> {
 public:
  AwaitConnection(Scope& scope, const CallPtr& call, std::optional<std::string> office)
      : scope_(scope), call_(call), office_(std::move(office)) {}

  void look() {
    CallPtr call = call_.lock();
    auto peer = asking_ || !call || !call->open() ? std::nullopt : connected_peer();
    if (!peer) return;
    auto request = scope_.node().ping(scope_.now(), peer->key, proof_timeout);
    if (!request) return;
    asking_ = true;
    scope_.driver.when_done(*request, [self = shared_from_this(), peer = *peer](const event::RequestDone& done) { self->answered(peer, done); });
  }

 private:
  static constexpr Duration proof_timeout = 2s;

  std::optional<PeerStatus> connected_peer() const {
    for (const PeerStatus& peer : scope_.node().peers(scope_.now())) {
      if (!office_ && peer.state == PeerState::connected) return peer;
    }
    if (!office_) return std::nullopt;
    auto peer = find_peer(scope_.node(), scope_.now(), *office_, std::nullopt);
    return peer && peer->state == PeerState::connected ? std::optional(peer.take()) : std::nullopt;
  }

  void answered(const PeerStatus& peer, const event::RequestDone& done) {
    asking_ = false;
    CallPtr call = call_.lock();
    if (done.error) look();
    else if (call) call->result(wait_document("connected", peer.key.peer, peer.name));
  }

  Scope& scope_;
  std::weak_ptr<Call> call_;
  std::optional<std::string> office_;
  bool asking_ = false;
};

void await_connection(Scope& scope, const CallPtr& call, std::optional<std::string> office) {
  auto wait = std::make_shared<AwaitConnection>(scope, call, std::move(office));
  scope.watchers.add(call, [wait](const Event&) { wait->look(); });
  wait->look();
}

Result<Condition> condition_for(Scope& scope, const std::string& what) {
  if (what == "ready") return Condition([&scope] { return wait_document("ready", scope.node().id(), scope.name); });
  if (what == "paired") {
    return Condition([&scope] {
      return first_peer(scope, "paired", [](const PeerStatus& peer) { return peer.state != PeerState::revoked; });
    });
  }
  return Error{ErrorCode::invalid_argument, "The argument 'for' must be ready, connected or paired.",
               "See docs/spec/admin.md."};
}

}  // namespace

void run_status(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  bool watch = arguments.flag("watch");
  if (auto done = arguments.done(); !done) return call->fail(done.error());
  ask_for_echoes(scope,
                 [&scope, call, watch] { watch ? watch_document(scope, call, status_document) : call->result(status_document(scope)); });
}

// Only a daemon that runs answers here: the other is admin::LockedDoor.
void run_unlock(Scope&, const CallPtr& call) {
  if (auto done = Arguments(call->request().args).done(); !done) return call->fail(done.error());
  call->result(Value::map({{"locked", false}}));
}

void run_ping(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  std::string name = arguments.text("office");
  uint64_t timeout_ms = arguments.optional_number("timeout_ms", 1, longest_ping_ms).value_or(ping_timeout_ms);
  if (auto done = arguments.done(); !done) return call->fail(done.error());
  auto peer = find_peer(scope.node(), scope.now(), name, std::nullopt);
  if (!peer) return call->fail(peer.error());
  auto request = scope.node().ping(scope.now(), peer->key, std::chrono::milliseconds(timeout_ms));
  if (!request) return call->fail(request.error());
  scope.driver.when_done(*request, [&scope, call, key = peer->key](const event::RequestDone& done) {
    done.error ? call->fail(*done.error) : call->result(ping_document(scope, key, done));
  });
}

void run_wait(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  std::string what = arguments.text("for");
  auto office = arguments.optional_text("office");
  if (auto done = arguments.done(); !done) return call->fail(done.error());
  if (what == "connected") return await_connection(scope, call, std::move(office));
  auto condition = condition_for(scope, what);
  if (!condition) return call->fail(condition.error());
  if (auto document = (*condition)()) return call->result(*document);
  scope.watchers.add(call, [weak = std::weak_ptr(call), holds = condition.take()](const Event&) {
    CallPtr waiting = weak.lock();
    if (auto document = holds()) waiting->result(*document);
  });
}

}  // namespace drawbridge::admin
