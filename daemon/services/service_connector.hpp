// ServiceConnector: on the office, connects each requested flow to its service's program.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <string>

#include "daemon/services/flow_table.hpp"
#include "daemon/services/target_dialer.hpp"
#include "protocol/event.hpp"

namespace drawbridge {

class ServiceConnector {
 public:
  // A connected, non-blocking stream descriptor for a flow to a service that this process serves itself (one end of
  // a socketpair, say), or why not.
  using Opener = std::function<Result<FileDescriptor>(const event::FlowRequested& request, const Target& target)>;

  // What the node is told: accept_flow and refuse_flow.
  struct Answers {
    std::function<void(FlowId)> accept;
    std::function<void(FlowId, const std::string& service, FlowReset, const std::string& message)> refuse;
    std::function<Result<void>(const Target&)> may_serve = {};  // none: all that can be
  };

  ServiceConnector(Loop& loop, FlowTable& flows, Answers answers);

  // Puts something between a flow and its program's connection: gives the descriptor that carries the flow instead.
  using Wrapper = std::function<Result<FileDescriptor>(const event::FlowRequested& request, const Target& target, FileDescriptor program)>;
  void wrap(Target::Kind kind, Wrapper wrapper) { wrappers_[kind] = std::move(wrapper); }

  // Where services of this kind are is found out for each flow, perhaps later; then they are dialed.
  using Found = std::function<void(Result<Target>)>;
  struct Finder {
    std::function<void(const std::string& service, Found)> find;
    std::function<std::string(const std::string& service)> cause;  // why it would fail just now; empty: nothing known
  };
  void find(Target::Kind kind, Finder finder) { finders_[kind] = std::move(finder); }

  // Services of this kind are opened by `opener` from now on, instead of being dialed.
  void serve(Target::Kind kind, Opener opener);
  void handle(const event::FlowRequested& request);

  // Connects to the service's program, if it has one to be connected to, and closes: cause() tells what came of it. `done`:
  // once that is so, perhaps at once; never after destruction.
  void check(const std::string& service, const Target& target, std::function<void()> done);

  // Whether this target may be a service's at all; asked at each flow, but for folders: their disks may take their time,
  // so their own threads ask (daemon/folder/root.hpp).
  Result<void> may_serve(const Target& target) const { return answers_.may_serve ? answers_.may_serve(target) : Result<void>(); }

  // Why the newest connection to the service failed; empty: it succeeded, or none was tried.
  std::string cause(const std::string& service) const;

 private:
  void open_inside(const event::FlowRequested& request, const Target& target, const Opener& opener);
  void find_and_dial(const event::FlowRequested& request, const Finder& finder);
  void dial(const event::FlowRequested& request, const Target& target);
  void connected(const event::FlowRequested& request, const Target& target, FileDescriptor fd);
  struct Check {
    std::unique_ptr<TargetDialer> dialer;
    bool over = false;
  };
  void accept(FlowId flow, const std::string& service, FileDescriptor fd);
  void accept_datagrams(FlowId flow, const std::string& service, const Target& target, FileDescriptor fd);
  void refuse(FlowId flow, const std::string& service, FlowReset reason, const std::string& message);

  Loop& loop_;
  FlowTable& flows_;
  Answers answers_;
  std::map<Target::Kind, Opener> openers_;
  std::map<Target::Kind, Wrapper> wrappers_;
  std::map<Target::Kind, Finder> finders_;
  std::list<Check> checks_;  // those that are over until the next one begins
  std::map<std::string, std::string> causes_;  // only of services whose newest connection failed
};

}  // namespace drawbridge
