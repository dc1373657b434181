#include "daemon/relay/relay_only.hpp"

#include <csignal>

#include "daemon/io/system_entropy.hpp"
#include "daemon/observe/service_notify.hpp"
#include "daemon/observe/watchdog.hpp"
#include "daemon/process.hpp"
#include "daemon/relay/relay_key.hpp"
#include "daemon/relay/relay_service.hpp"

namespace drawbridge {

Result<void> serve_relay_only(const StateDirectory& state, const Config& config) {
  SystemEntropy entropy;
  auto identity = read_or_make_relay_key(state.file("relay.key"), entropy);
  if (!identity) return identity.error();
  Log log(STDOUT_FILENO, config.log, config.log_level);
  Loop loop;
  auto service = RelayService::open(loop, log, entropy, *identity, config.relay);
  if (!service) return service.error();
  std::vector<std::unique_ptr<SignalWatch>> signals;
  bool stopping = false;
  for (int number : {SIGTERM, SIGINT}) {
    signals.push_back(std::make_unique<SignalWatch>(loop, number, [&] {
      if (std::exchange(stopping, true)) return loop.stop();
      notify_service("STOPPING=1");
      (*service)->drain([&] { loop.stop(); });
    }));
  }
  signals.push_back(std::make_unique<SignalWatch>(loop, SIGHUP, [&] { (*service)->reload(); }));
  log.ready((*service)->urls());
  notify_service("READY=1");
  Watchdog watchdog(loop);
  release_unused_pages();
  loop.run();
  return {};
}

}  // namespace drawbridge
