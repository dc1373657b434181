// devices, allow, deny, rename, revoke: what the office decides about its devices.
#include "daemon/admin/arguments.hpp"
#include "daemon/admin/commands.hpp"
#include "daemon/admin/documents.hpp"
#include "daemon/admin/lookup.hpp"
#include "daemon/admin/rfc3339.hpp"

namespace drawbridge::admin {
namespace {

// The device as it is now; null if it has gone.
Value current_document(Scope& scope, const DeviceId& id) {
  for (const DeviceStatus& device : scope.node().devices(scope.now())) {
    if (device.id == id) return device_document(device);
  }
  return {};
}

// Reads "device" and everything that `more` asks for; `run` gets the device. One failure is answered for all.
void with_device(Scope& scope, const CallPtr& call, Arguments& arguments, const std::string& text,
                 const std::function<void(const DeviceStatus&)>& run) {
  if (auto done = arguments.done(); !done) return call->fail(done.error());
  auto device = find_device(scope.node(), scope.now(), text);
  if (!device) return call->fail(device.error());
  run(*device);
}

std::vector<Grant> to_grants(const std::vector<std::string>& services, std::optional<WallTime> until) {
  std::vector<Grant> out;
  for (const std::string& service : services) out.push_back({service, until});
  return out;
}

}  // namespace

void run_devices(Scope& scope, const CallPtr& call) {
  if (auto done = Arguments(call->request().args).done(); !done) return call->fail(done.error());
  Value out = Value::array();
  for (const DeviceStatus& device : scope.node().devices(scope.now())) out.push(device_document(device));
  call->result(std::move(out));
}

void run_devices_forget(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  with_device(scope, call, arguments, arguments.text("device"), [&](const DeviceStatus& device) {
    answer_when_done(scope, call, scope.node().forget_device(scope.now(), device.id), [device] {
      return Value::map({{"id", to_text(device.id)}, {"name", device.name}});
    });
  });
}

void run_devices_reset_counter(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  with_device(scope, call, arguments, arguments.text("device"), [&](const DeviceStatus& device) {
    answer_when_done(scope, call, scope.node().reset_counter(scope.now(), device.id),
                     [&scope, id = device.id] { return current_document(scope, id); });
  });
}

void run_allow(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  auto grants = to_grants(arguments.texts("services"), arguments.optional_time("until"));
  with_device(scope, call, arguments, arguments.text("device"), [&](const DeviceStatus& device) {
    answer_when_done(scope, call, scope.node().allow(scope.now(), device.id, grants),
                     [&scope, id = device.id] { return current_document(scope, id); });
  });
}

void run_deny(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  auto services = arguments.texts("services");
  with_device(scope, call, arguments, arguments.text("device"), [&](const DeviceStatus& device) {
    answer_when_done(scope, call, scope.node().deny(scope.now(), device.id, services),
                     [&scope, id = device.id] { return current_document(scope, id); });
  });
}

void run_rename(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  std::string name = arguments.text("name");
  with_device(scope, call, arguments, arguments.text("device"), [&](const DeviceStatus& device) {
    answer_when_done(scope, call, scope.node().rename(scope.now(), device.id, name),
                     [&scope, id = device.id] { return current_document(scope, id); });
  });
}

void run_revoke(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  std::string reason = arguments.optional_text("reason").value_or("");
  with_device(scope, call, arguments, arguments.text("device"), [&](const DeviceStatus& device) {
    answer_when_done(scope, call, scope.node().revoke(scope.now(), device.id, reason), [&scope, device] {
      Value document = current_document(scope, device.id);
      const Value* revoked_at = document.find("revoked_at");
      return Value::map(
          {{"id", to_text(device.id)}, {"name", device.name}, {"revoked_at", revoked_at ? *revoked_at : Value()}});
    });
  });
}

}  // namespace drawbridge::admin
