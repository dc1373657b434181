// connect: one service as the control connection's own stream (stdio), or on a listener for the life of the client.
#include "daemon/admin/arguments.hpp"
#include "daemon/admin/commands.hpp"
#include "daemon/admin/diagnosis.hpp"
#include "daemon/admin/lookup.hpp"
#include "daemon/io/datagram_socket.hpp"
#include "daemon/services/datagram_forward.hpp"

namespace drawbridge::admin {
namespace {

// Longer than the office takes to find a target out of reach.
constexpr Duration longest_wait = 20s;

PeerStatus office_of(Scope& scope, const OfferedService& service) {
  for (PeerStatus& peer : scope.node().peers(scope.now())) {
    if (peer.key == service.office) return std::move(peer);
  }
  return {};
}

Error flow_error(const std::string& service, FlowReset reset, const std::string& message) {
  if (reset == FlowReset::no_such_service || reset == FlowReset::grant_ended) {
    return {ErrorCode::not_allowed, "The office does not offer '" + service + "' to this computer.",
            "Ask the office to allow it."};
  }
  if (reset == FlowReset::connection_lost || reset == FlowReset::revoked) {
    return {ErrorCode::closed, "The connection to the office ended before '" + service + "' was reached.",
            "Try again."};
  }
  return {ErrorCode::unreachable, message.empty() ? "The office could not reach '" + service + "'." : message,
          "Check at the office that the service's program runs."};
}

// A flow that waits for the office to reach the target; then the client's connection becomes its stream.
class WaitingEnd : public FlowEnd {
 public:
  WaitingEnd(Scope& scope, FlowId flow, CallPtr call, const OfferedService& service)
      : scope_(scope), flow_(flow), call_(std::move(call)), service_(service), timeout_(scope.loop, [this] {
          too_late();
        }) {
    timeout_.start(longest_wait);
  }

  void flow_accepted() override {
    timeout_.stop();
    Value answer = Value::map({{"service", service_.name}, {"office", office_of(scope_, service_).name}});
    call_->result_and_take_stream(std::move(answer), [&scope = scope_, flow = flow_](FileDescriptor fd) {
      if (fd) return scope.flows.pump(flow, std::move(fd));
      scope.flows.drop(flow);
      scope.driver.reset_flow(flow, FlowReset::aborted);
    });
  }
  void flow_readable() override {}
  void flow_writable() override {}
  void flow_ended(FlowReset reset, const std::string& message) override {
    call_->fail(flow_error(service_.name, reset, message));
  }

 private:
  void too_late() {
    PeerStatus office = office_of(scope_, service_);
    Value cause = office.state == PeerState::connected ? Value() : cause_of(scope_, office);
    call_->fail({ErrorCode::unreachable, cause.as_text() ? *cause.as_text() : "The office did not answer in time.",
                 "'drawbridge why OFFICE' says what would help."});
    scope_.driver.reset_flow(flow_, FlowReset::aborted);
    scope_.flows.drop(flow_);
  }

  Scope& scope_;
  FlowId flow_;
  CallPtr call_;
  OfferedService service_;
  LocalTimer timeout_;
};

void connect_stdio(Scope& scope, const CallPtr& call, const OfferedService& service) {
  if (service.kind == "udp") {
    return call->fail({ErrorCode::invalid_argument, "'" + service.name + "' speaks datagrams, which standard input cannot carry.",
                       "Use the address that 'drawbridge services' shows, or --listen ADDR:PORT."});
  }
  auto flow = scope.node().open_flow(scope.now(), service.office.peer, service.name);
  if (!flow) return call->fail(flow.error());
  scope.flows.add(*flow, std::make_unique<WaitingEnd>(scope, *flow, call, service));
  call->when_abandoned([&scope, flow = *flow] {
    scope.flows.drop(flow);
    scope.driver.reset_flow(flow, FlowReset::aborted);
  });
}

Result<std::shared_ptr<LocalEntry>> listen_for_datagrams(Scope& scope, const OfferedService& service,
                                                         const SocketAddress& address) {
  auto fd = open_datagram_socket(address);
  if (!fd) return fd.error();
  auto open_flow = [&scope, service] { return scope.node().open_flow(scope.now(), service.office.peer, service.name); };
  DatagramForward::Around around{scope.loop, scope.flows, scope.driver, scope.owners, scope.users};
  DatagramForward::Callbacks callbacks{open_flow, scope.local_refused};
  return std::shared_ptr<LocalEntry>(std::make_shared<DatagramForward>(around, fd.take(), std::move(callbacks)));
}

Result<std::shared_ptr<LocalEntry>> listen_for(Scope& scope, const OfferedService& service,
                                               const SocketAddress& address) {
  if (service.kind == "udp") return listen_for_datagrams(scope, service, address);
  auto fd = listen_tcp(address);
  if (!fd) return fd.error();
  auto accepted = [&scope, service](FileDescriptor connection) {
    auto flow = scope.node().open_flow(scope.now(), service.office.peer, service.name);
    if (flow) return scope.flows.pump(*flow, std::move(connection));
    reset_on_close(connection.get());
  };
  LocalListener::Callbacks callbacks{accepted, scope.local_refused};
  return std::shared_ptr<LocalEntry>(
      std::make_shared<LocalListener>(scope.loop, fd.take(), scope.owners, scope.users, std::move(callbacks)));
}

void connect_listen(Scope& scope, const CallPtr& call, const OfferedService& service, const std::string& text) {
  auto address = parse_socket_address(text);
  if (!address) return call->fail(address.error());
  if (!address->is_loopback()) {
    return call->fail(
        {ErrorCode::invalid_argument, text + " is not an address of this computer alone.",
         "Use an address that begins with 127., or [::1]: others could reach the service through this computer."});
  }
  auto listener = listen_for(scope, service, *address);
  if (!listener) return call->fail(listener.error());
  // The listener lives in this callback: it ends with the client.
  call->when_abandoned([kept = *listener] {});
  call->more(Value::map({{"address", to_text((*listener)->address())}}));
}

}  // namespace

void run_connect(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  std::string name = arguments.text("service");
  auto office = arguments.optional_text("office");
  std::string mode = arguments.text("mode");
  auto listen = arguments.optional_text("listen");
  if (auto done = arguments.done(); !done) return call->fail(done.error());
  auto service = find_offered(scope.node(), scope.now(), name, office);
  if (!service) return call->fail(service.error());
  if (mode == "stdio") return connect_stdio(scope, call, *service);
  if (mode == "listen") return connect_listen(scope, call, *service, listen.value_or("127.0.0.1:0"));
  call->fail({ErrorCode::invalid_argument, "The argument 'mode' must be stdio or listen.", "See docs/spec/admin.md."});
}

}  // namespace drawbridge::admin
