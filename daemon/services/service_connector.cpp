#include "daemon/services/service_connector.hpp"

namespace drawbridge {
namespace {

// A flow whose target is being reached. Bytes of the device wait in the node meanwhile.
class DialingEnd : public FlowEnd {
 public:
  DialingEnd(Loop& loop, const Target& target, TargetDialer::Callbacks callbacks)
      : dialer_(loop, target, std::move(callbacks)) {}
  void start() { dialer_.start(); }
  void flow_readable() override {}
  void flow_writable() override {}
  void flow_ended(FlowReset, const std::string&) override {}

 private:
  TargetDialer dialer_;
};

// A flow whose target is not known yet. `alive` ends with it.
class WaitingEnd : public FlowEnd {
 public:
  std::weak_ptr<int> alive() const { return alive_; }
  void flow_readable() override {}
  void flow_writable() override {}
  void flow_ended(FlowReset, const std::string&) override {}

 private:
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace

ServiceConnector::ServiceConnector(Loop& loop, FlowTable& flows, Answers answers)
    : loop_(loop), flows_(flows), answers_(std::move(answers)) {}

void ServiceConnector::serve(Target::Kind kind, Opener opener) {
  openers_[kind] = std::move(opener);
}

void ServiceConnector::handle(const event::FlowRequested& request) {
  auto target = parse_target(request.target);
  if (!target) return refuse(request.flow, request.service, FlowReset::target_failed, target.error().message);
  auto may = target->kind == Target::Kind::folder ? Result<void>() : may_serve(*target);
  if (!may) return refuse(request.flow, request.service, FlowReset::target_failed, may.error().message);
  if (auto finder = finders_.find(target->kind); finder != finders_.end()) return find_and_dial(request, finder->second);
  auto opener = openers_.find(target->kind);
  if (opener != openers_.end()) return open_inside(request, *target, opener->second);
  if (target->kind == Target::Kind::folder || target->kind == Target::Kind::page) {
    return refuse(request.flow, request.service, FlowReset::target_failed, "This office does not serve this itself.");
  }
  dial(request, *target);
}

void ServiceConnector::open_inside(const event::FlowRequested& request, const Target& target, const Opener& opener) {
  auto opened = opener(request, target);
  if (opened) return accept(request.flow, request.service, opened.take());
  refuse(request.flow, request.service, FlowReset::target_failed, opened.error().message);
}

void ServiceConnector::find_and_dial(const event::FlowRequested& request, const Finder& finder) {
  auto end = std::make_unique<WaitingEnd>();
  auto alive = end->alive();
  flows_.add(request.flow, std::move(end));
  finder.find(request.service, [this, request, alive](Result<Target> found) {
    if (alive.expired()) return;
    if (found) return dial(request, *found);
    refuse(request.flow, request.service, FlowReset::target_refused, found.error().message);
  });
}

void ServiceConnector::dial(const event::FlowRequested& request, const Target& target) {
  FlowId flow = request.flow;
  std::string service = request.service;
  auto end = std::make_unique<DialingEnd>(
      loop_, target,
      TargetDialer::Callbacks{
          [this, request, target](FileDescriptor fd) { connected(request, target, std::move(fd)); },
          [this, flow, service](DialFailure failure) { refuse(flow, service, failure.reason, failure.message); }});
  DialingEnd& dialing = *end;
  flows_.add(flow, std::move(end));
  dialing.start();
}

void ServiceConnector::connected(const event::FlowRequested& request, const Target& target, FileDescriptor fd) {
  if (target.kind == Target::Kind::udp) return accept_datagrams(request.flow, request.service, target, std::move(fd));
  auto wrapper = wrappers_.find(target.kind);
  if (wrapper == wrappers_.end()) return accept(request.flow, request.service, std::move(fd));
  auto wrapped = wrapper->second(request, target, std::move(fd));
  if (wrapped) return accept(request.flow, request.service, wrapped.take());
  refuse(request.flow, request.service, FlowReset::target_failed, wrapped.error().message);
}

void ServiceConnector::accept(FlowId flow, const std::string& service, FileDescriptor fd) {
  causes_.erase(service);
  answers_.accept(flow);
  flows_.pump(flow, std::move(fd));
}

void ServiceConnector::accept_datagrams(FlowId flow, const std::string& service, const Target& target,
                                       FileDescriptor fd) {
  answers_.accept(flow);
  flows_.carry_datagrams(flow, std::move(fd), [this, service, target](bool answers) {
    if (answers) causes_.erase(service);
    else causes_[service] = "The service's program at " + target.host + " port " + std::to_string(target.port) + " does not accept datagrams.";
  });
}

void ServiceConnector::refuse(FlowId flow, const std::string& service, FlowReset reason, const std::string& message) {
  causes_[service] = message;
  answers_.refuse(flow, service, reason, message);
  flows_.drop(flow);
}

void ServiceConnector::check(const std::string& service, const Target& target, std::function<void()> done) {
  checks_.remove_if([](const Check& check) { return check.over; });
  bool dialed = target.kind == Target::Kind::tcp || target.kind == Target::Kind::http || target.kind == Target::Kind::unix_socket;
  if (!dialed) return done();
  Check& check = checks_.emplace_back();
  auto connected = [this, service, done, &check](FileDescriptor) {
    causes_.erase(service);
    done();
    check.over = true;
  };
  auto failed = [this, service, done, &check](const DialFailure& failure) {
    causes_[service] = failure.message;
    done();
    check.over = true;
  };
  check.dialer = std::make_unique<TargetDialer>(loop_, target, TargetDialer::Callbacks{connected, failed});
  check.dialer->start();
}

std::string ServiceConnector::cause(const std::string& service) const {
  auto entry = causes_.find(service);
  if (entry != causes_.end()) return entry->second;
  for (const auto& [kind, finder] : finders_) {
    if (std::string cause = finder.cause(service); !cause.empty()) return cause;
  }
  return "";
}

}  // namespace drawbridge
