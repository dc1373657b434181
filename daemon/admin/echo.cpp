#include "daemon/admin/echo.hpp"

namespace drawbridge::admin {

constexpr Duration echo_timeout = 500ms;

void ask_for_echoes(Scope& scope, std::function<void()> then) {
  auto waiting = std::make_shared<size_t>(1);
  auto one_done = [waiting, then = std::move(then)] {
    if (--*waiting == 0) then();
  };
  for (const PeerStatus& peer : scope.node().peers(scope.now())) {
    if (peer.state != PeerState::connected) continue;
    auto request = scope.node().ping(scope.now(), peer.key, echo_timeout);
    if (!request) continue;
    ++*waiting;
    scope.driver.when_done(*request, [one_done](const event::RequestDone&) { one_done(); });
  }
  one_done();
}

}  // namespace drawbridge::admin
