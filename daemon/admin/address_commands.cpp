// address.add, address.remove: ports forwarded to this office by hand.
#include "daemon/admin/arguments.hpp"
#include "daemon/admin/commands.hpp"
#include "daemon/admin/documents.hpp"

namespace drawbridge::admin {
namespace {

constexpr Duration lookup_patience = 3s;

Value finding_document(Scope& scope, const traversal::FixedAddress& address) {
  for (const FixedAddressFinding& finding : scope.outside.fixed()) {
    if (finding.address == address) return fixed_address_document(finding);
  }
  return fixed_address_document({address, {}, {}});
}

// The name has been looked up a moment after it was added: that is what the owner wants to see. Lives as long as the
// call waits.
class AwaitLookup {
 public:
  AwaitLookup(Scope& scope, const CallPtr& call, traversal::FixedAddress address)
      : scope_(scope), call_(call), address_(std::move(address)), timer_(scope.loop, [this] { look(); }) {}

  void look() {
    CallPtr call = call_.lock();
    if (!call || !call->open()) return;
    Value document = finding_document(scope_, address_);
    bool known = !document.items("found").empty() || !document.text("cause").empty();
    waited_ += step;
    if (!known && waited_ < lookup_patience) return timer_.start(step);
    call->result(std::move(document));
  }

 private:
  static constexpr Duration step = 20ms;
  Scope& scope_;
  std::weak_ptr<Call> call_;
  traversal::FixedAddress address_;
  LocalTimer timer_;
  Duration waited_{};
};

}  // namespace

void run_address_add(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  std::string text = arguments.text("address");
  if (auto done = arguments.done(); !done) return call->fail(done.error());
  auto request = scope.node().add_address(scope.now(), text);
  if (!request) return call->fail(request.error());
  scope.driver.when_done(*request, [&scope, call, address = traversal::parse_fixed_address(text).take()](const event::RequestDone& done) {
    if (done.error) return call->fail(*done.error);
    auto wait = std::make_shared<AwaitLookup>(scope, call, address);
    call->when_abandoned([wait] {});
    wait->look();
  });
}

void run_address_remove(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  std::string text = arguments.text("address");
  if (auto done = arguments.done(); !done) return call->fail(done.error());
  auto address = traversal::parse_fixed_address(text);
  answer_when_done(scope, call, scope.node().remove_address(scope.now(), text),
                   [text = address ? to_text(*address) : text] { return Value::map({{"address", text}}); });
}

}  // namespace drawbridge::admin
