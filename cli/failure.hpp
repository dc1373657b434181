// How a command ends without success: an exception that main turns into a message and an exit code.
#pragma once

#include <stdexcept>

#include "protocol/admin/message.hpp"

namespace drawbridge::cli {

// Stable contract: scripts rely on these numbers.
enum class ExitCode { done = 0, failed = 1, usage = 2, daemon_not_running = 3, timed_out = 4 };

class CommandFailed : public std::runtime_error {
 public:
  CommandFailed(ExitCode exit, admin::Failure failure)
      : std::runtime_error(failure.message), exit_(exit), failure_(std::move(failure)) {}
  explicit CommandFailed(const Error& error) : CommandFailed(ExitCode::failed, admin::to_failure(error)) {}
  CommandFailed(ErrorCode code, std::string message, std::string remedy)
      : CommandFailed(Error{code, std::move(message), std::move(remedy)}) {}

  ExitCode exit() const { return exit_; }
  const admin::Failure& failure() const { return failure_; }

 private:
  ExitCode exit_;
  admin::Failure failure_;
};

inline CommandFailed usage_error(std::string message) {
  return {ExitCode::usage, {"usage", std::move(message), "See drawbridge --help."}};
}

// The value, or the error thrown as CommandFailed.
template <typename T>
T unwrap(Result<T> result) {
  if (!result) throw CommandFailed(result.error());
  return result.take();
}
inline void unwrap(Result<void> result) {
  if (!result) throw CommandFailed(result.error());
}

// The same for what stood on the command line: a value that cannot be understood is a usage error.
template <typename T>
T unwrap_argument(Result<T> result) {
  if (!result) throw CommandFailed(ExitCode::usage, {"usage", result.error().message, result.error().remedy});
  return result.take();
}

}  // namespace drawbridge::cli
