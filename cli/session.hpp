// What every command works with: where the state is, how to ask the daemon, where to print.
#pragma once

#include <iosfwd>
#include <string>

#include "cli/admin_client.hpp"
#include "cli/failure.hpp"
#include "cli/output.hpp"

namespace drawbridge::cli {

struct Session {
  Output& out;
  std::ostream& err;  // for progress
  std::istream& in;
  std::string state;  // the state directory

  // One request, one result. `waiting_for` is shown if it takes longer than a second.
  admin::Value ask(std::string command, admin::Value args = {}, std::string waiting_for = "Waiting for Drawbridge");
  // The next response on an open client, with progress shown; nothing at the deadline or on an interrupt.
  std::optional<admin::Value> await(AdminClient& client, const std::string& waiting_for, Deadline deadline = {},
                                    int interrupt = -1);
};

}  // namespace drawbridge::cli
