#include "cli/session.hpp"

#include <poll.h>

#include <algorithm>

#include "cli/progress.hpp"

namespace drawbridge::cli {

admin::Value Session::ask(std::string command, admin::Value args, std::string waiting_for) {
  AdminClient client(state);
  client.send(std::move(command), std::move(args));
  return *await(client, waiting_for);
}

std::optional<admin::Value> Session::await(AdminClient& client, const std::string& waiting_for, Deadline deadline,
                                           int interrupt) {
  Progress progress(err, out.terminal().progress && !out.json(), waiting_for);
  while (true) {
    auto wake = progress.next_tick();
    bool last = deadline && *deadline <= wake;
    auto result = client.receive(last ? *deadline : wake, interrupt);
    if (result || last) return result;
    pollfd interrupted{interrupt, POLLIN, 0};
    if (interrupt >= 0 && poll(&interrupted, 1, 0) > 0) return {};
    progress.tick();
  }
}

}  // namespace drawbridge::cli
