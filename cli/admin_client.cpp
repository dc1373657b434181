#include "cli/admin_client.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "cli/failure.hpp"
#include "protocol/admin/state_directory.hpp"

namespace drawbridge::cli {
namespace {

// A socket's path holds 107 bytes at most, a state directory's may be longer: it is named through a descriptor.
int open_control_socket(const std::string& state_directory) {
  int directory = open(state_directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return -1;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string path = fmt::format("/proc/self/fd/{}/{}", directory, admin::control_socket_name);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  int socket_descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int saved = 0;
  if (connect(socket_descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    saved = errno;
    close(socket_descriptor);
    socket_descriptor = -1;
  }
  close(directory);
  errno = saved;
  return socket_descriptor;
}

CommandFailed cannot_connect(const std::string& state_directory, int error) {
  if (error == EACCES || error == EPERM) {
    return {ErrorCode::not_allowed, fmt::format("You may not control the Drawbridge in {}.", state_directory),
            "Ask its owner, or join the group “drawbridge”."};
  }
  bool has_identity = access((state_directory + "/" + admin::key_file_name).c_str(), F_OK) == 0;
  return {
      ExitCode::daemon_not_running,
      {"daemon_not_running", fmt::format("Drawbridge is not running here (nothing answers in {}).", state_directory),
       fmt::format(
           "{}drawbridged --state '{}'",
           has_identity ? "Start it: " : "Make an identity with drawbridge init, then start it: ", state_directory)}};
}

CommandFailed daemon_went_away() {
  return {ErrorCode::closed, "Drawbridge stopped before it answered.", "Look at its log, then try again."};
}

int milliseconds_until(Deadline deadline) {
  if (!deadline) return -1;
  auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<int64_t>(left, 0, 1'000'000));
}

}  // namespace

AdminClient::AdminClient(const std::string& state_directory) : descriptor_(open_control_socket(state_directory)) {
  if (descriptor_ < 0) throw cannot_connect(state_directory, errno);
}

AdminClient::~AdminClient() {
  close(descriptor_);
}

void AdminClient::send(std::string command, admin::Value args) {
  Bytes frame;
  unwrap(admin::append_frame(frame, admin::encode(admin::Request{++last_id_, std::move(command), std::move(args)})));
  more_ = true;
  for (size_t sent = 0; sent < frame.size();) {
    ssize_t length = ::send(descriptor_, frame.data() + sent, frame.size() - sent, MSG_NOSIGNAL);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) throw daemon_went_away();
    sent += static_cast<size_t>(length);
  }
}

bool AdminClient::fill(Deadline deadline, int interrupt) {
  pollfd waiting[] = {{descriptor_, POLLIN, 0}, {interrupt, POLLIN, 0}};
  int ready = poll(waiting, 2, milliseconds_until(deadline));
  if (ready < 0 && errno == EINTR) return true;
  if (ready <= 0 || waiting[1].revents != 0) return false;
  uint8_t buffer[64 * 1024];
  ssize_t length = recv(descriptor_, buffer, sizeof buffer, 0);
  if (length <= 0) throw daemon_went_away();
  decoder_.feed({buffer, static_cast<size_t>(length)});
  return true;
}

std::optional<admin::Value> AdminClient::receive(Deadline deadline, int interrupt) {
  while (true) {
    if (auto frame = unwrap(decoder_.next())) {
      auto response = unwrap(admin::decode_response(*frame));
      bool is_refusal = response.id == 0 && response.failure;  // of this connection
      if (response.id != last_id_ && !is_refusal) continue;    // of a request that was given up
      more_ = response.more;
      if (response.failure) throw CommandFailed(ExitCode::failed, *response.failure);
      return response.result;
    }
    if (!fill(deadline, interrupt)) return {};
  }
}

bool control_socket_opens(const std::string& state_directory) {
  int descriptor = open_control_socket(state_directory);
  if (descriptor < 0) return false;
  close(descriptor);
  return true;
}

}  // namespace drawbridge::cli
