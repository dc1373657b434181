// CommandServices: the programs of this office's `command:` services, each as long as its service exists.
#pragma once

#include <map>

#include "daemon/observe/log.hpp"
#include "daemon/services/supervised_command.hpp"
#include "protocol/node.hpp"

namespace drawbridge {

class CommandServices {
 public:
  // `folder`: where each command's own folder is made. `outside`: from where programs are started; null: no sandbox.
  CommandServices(Loop& loop, Log& log, std::string folder, Outside* outside = nullptr)
      : loop_(loop), log_(log), folder_(std::move(folder)), outside_(outside) {}

  // Starts and ends programs so that exactly those of these services run.
  void follow(const std::vector<ServiceDefinition>& services);
  // Where the service's program serves, as soon as it does. `not_found`: it is no command of ours.
  void when_ready(const std::string& service, SupervisedCommand::Waiter done);
  // Empty: it serves, or there is no such command.
  std::string cause(const std::string& service) const;
  // Before this process ends.
  void end_all();

 private:
  struct Running {
    std::string target;
    std::unique_ptr<SupervisedCommand> command;
    Instant counted_from{};  // lines that it said since then
    int lines = 0;
  };
  void start(const ServiceDefinition& service);
  void said(const std::string& service, const std::string& line);

  Loop& loop_;
  Log& log_;
  std::string folder_;
  Outside* outside_;
  std::map<std::string, Running> running_;
  std::vector<std::unique_ptr<SupervisedCommand>> ending_;  // of services that are gone
};

}  // namespace drawbridge
