// relay.add, relay.remove, relay.list.
#include "daemon/admin/arguments.hpp"
#include "daemon/admin/commands.hpp"
#include "daemon/admin/documents.hpp"
#include "protocol/relay/relay_url.hpp"

namespace drawbridge::admin {
namespace {

Value relay_document(Scope& scope, const relay::RelayAddress& address) {
  relay::RelayStatus status;
  for (relay::RelayStatus& one : scope.node().relays()) {
    if (one.address.url == address.url) status = std::move(one);
  }
  const char* state = status.draining ? "draining" : status.over_quota ? "over_quota" : status.ready ? "ready" : "waiting";
  return Value::map({{"url", address.url},
                     {"other_url", text_or_null(address.other_url)},
                     {"private", !address.token.empty()},
                     {"state", state},
                     {"rtt_ms", milliseconds(status.round_trip)},
                     {"operator", text_or_null(status.operator_name)},
                     {"country", text_or_null(status.country)},
                     {"observed", status.reflexive ? Value(to_text(*status.reflexive)) : Value()}});
}

// The relay that this URL, in whatever spelling, is one of.
relay::RelayAddress find_own(Scope& scope, const std::string& text) {
  auto wanted = relay::parse_relay_url(text);
  for (relay::RelayAddress& address : scope.node().own_relays()) {
    auto url = relay::parse_relay_url(address.url);
    if (wanted && url && url->key.id == wanted->key.id) return std::move(address);
  }
  return {};
}

}  // namespace

Value relays_document(Scope& scope) {
  Value list = Value::array();
  for (const relay::RelayAddress& address : scope.node().own_relays()) list.push(relay_document(scope, address));
  return list;
}

void run_relay_add(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  std::string url = arguments.text("url");
  std::string token = arguments.optional_text("token").value_or("");
  if (auto done = arguments.done(); !done) return call->fail(done.error());
  answer_when_done(scope, call, scope.node().add_relay(scope.now(), url, token),
                   [&scope, url] { return relay_document(scope, find_own(scope, url)); });
}

void run_relay_remove(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  std::string url = arguments.text("url");
  if (auto done = arguments.done(); !done) return call->fail(done.error());
  answer_when_done(scope, call, scope.node().remove_relay(scope.now(), url), [url] { return Value::map({{"url", url}}); });
}

// A relay that has nobody to serve yet is not asked: it is listed as `waiting`.
void run_relay_list(Scope& scope, const CallPtr& call) {
  if (auto done = Arguments(call->request().args).done(); !done) return call->fail(done.error());
  call->result(relays_document(scope));
}

}  // namespace drawbridge::admin
