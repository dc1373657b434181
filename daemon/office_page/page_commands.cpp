#include "daemon/office_page/page_commands.hpp"

#include <algorithm>
#include <array>

#include "daemon/admin/lookup.hpp"
#include "daemon/services/target.hpp"

namespace drawbridge::office_page {
namespace {

using admin::Call;
using admin::Scope;
using admin::Value;

enum class Right { look, change, change_here };  // change_here: at the office's own computer alone

struct Offered {
  std::string_view command;
  Right right;
};

// Not offered: what takes a descriptor (connect, unlock), what makes this computer a device (join, leave), restore, and
// what is for engineers.
constexpr std::array offered = {
    Offered{"overview", Right::look},
    Offered{"traffic", Right::look},
    Offered{"why", Right::look},
    Offered{"netcheck", Right::look},
    Offered{"services.check", Right::look},
    Offered{"qr", Right::look},
    Offered{"audit.show", Right::look},
    Offered{"audit.verify", Right::look},
    Offered{"backup", Right::change},
    Offered{"words_kept", Right::change},
    Offered{"expose", Right::change},
    Offered{"unexpose", Right::change},
    Offered{"allow", Right::change},
    Offered{"deny", Right::change},
    Offered{"rename", Right::change},
    Offered{"revoke", Right::change},
    Offered{"devices.forget", Right::change},
    Offered{"devices.reset_counter", Right::change},
    Offered{"pair", Right::change},
    Offered{"pair.cancel", Right::change},
    Offered{"relay.add", Right::change},
    Offered{"relay.remove", Right::change},
    Offered{"address.add", Right::change},
    Offered{"address.remove", Right::change},
    Offered{"take_over", Right::change_here},
};

const Offered* find_offered(const std::string& command) {
  auto found = std::find_if(offered.begin(), offered.end(), [&](const Offered& one) { return one.command == command; });
  return found == offered.end() ? nullptr : &*found;
}

// Its line would be run by a shell of the office's: whoever uses the page unattended for a minute must not get that far.
bool starts_a_program(const admin::Request& request) {
  auto target = request.command == "expose" ? parse_target(request.args.text("target")) : Error{};
  return target && target->kind == Target::Kind::command;
}

bool is_the_caller(Scope& scope, const Call& call) {
  auto named = admin::find_device(scope.node(), scope.now(), call.request().args.text("device"));
  return named && named->id == call.caller().device;
}

bool names_the_page(const Call& call) {
  const auto& services = call.request().args.items("services");
  return std::any_of(services.begin(), services.end(), [&](const Value& one) {
    const std::string* name = one.as_text();
    return name && (*name == call.caller().service || *name == "*");
  });
}

bool shuts_itself_out(Scope& scope, const Call& call) {
  const std::string& command = call.request().command;
  if (command == "revoke") return is_the_caller(scope, call);
  if (command == "deny") return is_the_caller(scope, call) && names_the_page(call);
  return command == "unexpose" && call.request().args.text("name") == call.caller().service;
}

// What was asked, for the audit trail. A relay's token is no part of it.
std::string in_words(const admin::Request& request) {
  std::string out = request.command;
  for (const char* key : {"device", "name", "target", "url", "address", "until", "reason"}) {
    if (std::string value = request.args.text(key); !value.empty()) out += " " + value;
  }
  for (const char* key : {"services", "allow"}) {
    for (const Value& one : request.args.items(key)) out += one.as_text() ? " " + *one.as_text() : "";
  }
  return out;
}

}  // namespace

Result<void> may_ask(Scope& scope, const Call& call) {
  const Offered* command = find_offered(call.request().command);
  bool device = call.caller().device.has_value();
  if (!command || starts_a_program(call.request()))
    return Error{ErrorCode::not_allowed, "This cannot be done on the page.", "Use the command line at the office."};
  if (device && command->right == Right::change_here)
    return Error{ErrorCode::not_allowed, "This can be done at the office only.", "Say 'drawbridge open' there."};
  if (device && shuts_itself_out(scope, call))
    return Error{ErrorCode::state, "This is the device that you are using: it would shut itself out.", "Do it at the office, or from another device."};
  return {};
}

void run_page_command(Scope& scope, admin::CallPtr call) {
  if (auto allowed = may_ask(scope, *call); !allowed) return call->fail(allowed.error());
  const admin::Caller& caller = call->caller();
  if (caller.device && find_offered(call->request().command)->right != Right::look)
    scope.node().handle_device_request(scope.now(), *caller.device, caller.device_name, caller.service, in_words(call->request()));
  admin::run_command(scope, std::move(call));
}

}  // namespace drawbridge::office_page
