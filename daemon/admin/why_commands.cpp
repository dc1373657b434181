// why, debug.dump: what was measured about the way to a peer.
#include "daemon/admin/arguments.hpp"
#include "daemon/admin/commands.hpp"
#include "daemon/admin/diagnosis.hpp"
#include "daemon/admin/documents.hpp"
#include "daemon/admin/echo.hpp"
#include "daemon/admin/lookup.hpp"

namespace drawbridge::admin {
namespace {

// A revoked device is no peer any more; its owner may still ask.
Result<PeerStatus> find_any_peer(Scope& scope, const std::string& name) {
  auto peer = find_peer(scope.node(), scope.now(), name, std::nullopt);
  if (peer) return peer;
  auto device = find_device(scope.node(), scope.now(), name);
  if (!device) return peer;
  PeerStatus gone;
  gone.key = {PeerRole::device, device->id};
  gone.name = device->name;
  gone.state = device->state;
  return gone;
}

Value dump_document(Scope& scope, const std::vector<PeerStatus>& peers) {
  Value histories = Value::array();
  for (const PeerStatus& peer : peers) histories.push(history_document(scope, peer));
  Value reach = reach_document(scope);
  return Value::map({{"version", DRAWBRIDGE_VERSION},
                     {"listen", listen_document(scope)},
                     {"addresses", addresses_document(scope)},
                     {"reach", std::move(reach)},
                     {"peers", std::move(histories)}});
}

}  // namespace

void run_why(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  std::string name = arguments.text("peer");
  if (auto done = arguments.done(); !done) return call->fail(done.error());
  ask_for_echoes(scope, [&scope, call, name] {
    auto peer = find_any_peer(scope, name);
    peer ? call->result(why_document(scope, *peer)) : call->fail(peer.error());
  });
}

void run_debug_dump(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  auto name = arguments.optional_text("peer");
  if (auto done = arguments.done(); !done) return call->fail(done.error());
  if (!name) return call->result(dump_document(scope, scope.node().peers(scope.now())));
  auto peer = find_any_peer(scope, *name);
  peer ? call->result(dump_document(scope, {*peer})) : call->fail(peer.error());
}

}  // namespace drawbridge::admin
