#include "daemon/services/command_services.hpp"

#include <sys/stat.h>

#include <algorithm>

namespace drawbridge {
namespace {

// A device's connection waits so long for a program that is starting.
constexpr Duration start_patience = 15s;
// Of what a command says, in our log: one that does nothing but talk must not fill the disk.
constexpr int most_lines_a_second = 100;

}  // namespace

void CommandServices::follow(const std::vector<ServiceDefinition>& services) {
  std::erase_if(ending_, [](const auto& command) { return command->over(); });
  for (auto entry = running_.begin(); entry != running_.end();) {
    auto& [name, running] = *entry;
    bool exists = std::any_of(services.begin(), services.end(),
                              [&, &name = name, &target = running.target](const ServiceDefinition& each) { return each.name == name && each.target == target; });
    if (!exists) {
      running.command->end();
      ending_.push_back(std::move(running.command));
    }
    entry = exists ? std::next(entry) : running_.erase(entry);
  }
  for (const ServiceDefinition& service : services) {
    if (service.kind == kind_name(Target::Kind::command) && !running_.contains(service.name)) start(service);
  }
}

void CommandServices::start(const ServiceDefinition& service) {
  auto target = parse_target(service.target);
  if (!target) return;
  mkdir(folder_.c_str(), 0700);
  std::string name = service.name;
  SupervisedCommand::Callbacks callbacks{
      [this, name](const std::string& line) { said(name, line); },
      [this, name](const std::string& cause) { log_.warning(LogEvent::service_failed, {{LogField::service, name}, {LogField::message, cause}}); },
      [this, name] { log_.info(LogEvent::command_ready, {{LogField::service, name}}); }};
  SupervisedCommand::Settings settings;
  settings.service = name;
  settings.command_line = target->path;
  settings.folder = folder_ + "/" + name;
  settings.outside = outside_;
  running_[name] = {service.target, std::make_unique<SupervisedCommand>(loop_, std::move(settings), std::move(callbacks))};
}

void CommandServices::said(const std::string& service, const std::string& line) {
  Running& running = running_[service];
  Instant now = loop_.now().boot;
  if (now - running.counted_from >= 1s) running.counted_from = now, running.lines = 0;
  if (++running.lines > most_lines_a_second) return;
  log_.info(LogEvent::command_said, {{LogField::service, service}, {LogField::message, line}});
}

void CommandServices::when_ready(const std::string& service, SupervisedCommand::Waiter done) {
  auto found = running_.find(service);
  if (found == running_.end()) return done(Error{ErrorCode::not_found, "This service's command does not run.", "Expose it again."});
  found->second.command->when_ready(start_patience, std::move(done));
}

std::string CommandServices::cause(const std::string& service) const {
  auto found = running_.find(service);
  return found == running_.end() ? "" : found->second.command->cause();
}

void CommandServices::end_all() {
  for (auto& command : ending_) command->end_now();
  for (auto& [name, running] : running_) running.command->end_now();
}

}  // namespace drawbridge
