// services, expose, unexpose.
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/admin/arguments.hpp"
#include "daemon/admin/commands.hpp"
#include "daemon/admin/documents.hpp"
#include "daemon/services/target.hpp"

namespace drawbridge::admin {
namespace {

std::optional<ServiceDefinition> find_own(Scope& scope, const std::string& name) {
  for (ServiceDefinition& service : scope.node().own_services()) {
    if (service.name == name) return std::move(service);
  }
  return std::nullopt;
}

// A program may be started later; a folder that is not there is a typing error.
Result<void> check_folder(const Target& target) {
  struct stat found {};
  bool is_folder = stat(target.path.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
  if (!is_folder)
    return Error{ErrorCode::invalid_argument, "There is no folder " + target.path + ".",
                 "Create it first, or correct the path."};
  if (access(target.path.c_str(), R_OK | X_OK) == 0) return {};
  return Error{ErrorCode::invalid_argument, "Drawbridge may not read the folder " + target.path + ".",
               "Give the user who runs drawbridged the right to read it."};
}

}  // namespace

void run_services(Scope& scope, const CallPtr& call) {
  if (auto done = Arguments(call->request().args).done(); !done) return call->fail(done.error());
  call->result(services_document(scope));
}

// Answers when all have been tried, each for as long as a device's connection would be.
void run_services_check(Scope& scope, const CallPtr& call) {
  if (auto done = Arguments(call->request().args).done(); !done) return call->fail(done.error());
  auto services = scope.node().own_services();
  auto waiting = std::make_shared<size_t>(services.size() + 1);
  auto one_less = [&scope, call, waiting] {
    if (--*waiting > 0) return;
    call->result(services_document(scope));
    tell_of_change(scope);
  };
  for (const ServiceDefinition& service : services) {
    auto target = parse_target(service.target);
    target ? scope.connector.check(service.name, *target, one_less) : one_less();
  }
  one_less();
}

void run_expose(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  ServiceDefinition service{arguments.text("name"), "", arguments.text("target"), 0};
  if (auto done = arguments.done(); !done) return call->fail(done.error());
  auto target = parse_target(service.target);
  if (!target) return call->fail(target.error());
  auto usable = target->kind == Target::Kind::folder ? check_folder(*target) : Result<void>();
  if (usable) usable = scope.connector.may_serve(*target);
  if (!usable) return call->fail(usable.error());
  if (auto existing = find_own(scope, service.name)) {
    if (existing->target == service.target) return call->result(own_service_document(scope, *existing));
    return call->fail({ErrorCode::already_exists,
                       "The service '" + service.name + "' exists already, for " + existing->target + ".",
                       "Choose another name, or first: drawbridge unexpose " + service.name});
  }
  service.kind = kind_name(target->kind);
  service.port = native_port(*target);
  answer_when_done(scope, call, scope.node().expose(scope.now(), service),
                   [&scope, service] { return own_service_document(scope, service); });
}

void run_unexpose(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  std::string name = arguments.text("name");
  if (auto done = arguments.done(); !done) return call->fail(done.error());
  if (!find_own(scope, name)) {
    return call->fail({ErrorCode::not_found, "There is no service '" + name + "' here.",
                       "'drawbridge services' lists those that exist."});
  }
  answer_when_done(scope, call, scope.node().unexpose(scope.now(), name), [name] {
    return Value::map({{"name", name}});
  });
}

}  // namespace drawbridge::admin
