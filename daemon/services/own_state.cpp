#include "daemon/services/own_state.hpp"

#include <sys/stat.h>

#include <optional>

#include "protocol/admin/state_directory.hpp"

namespace drawbridge {
namespace {

struct Place {
  dev_t device;
  ino_t inode;
  bool operator==(const Place&) const = default;
};

std::optional<Place> place_of(const std::string& path) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) return std::nullopt;
  return Place{found.st_dev, found.st_ino};
}

// Upwards from `inner`: what else leads to `wanted` does not matter.
bool holds(const std::optional<Place>& wanted, const std::string& inner) {
  auto at = place_of(inner);
  std::string path = inner;
  while (wanted && at && *at != *wanted) {
    path += "/..";
    auto above = place_of(path);
    if (above == at) return false;  // the root
    at = above;
  }
  return wanted && at;
}

}  // namespace

bool lies_in(const std::string& state, int folder) {
  struct stat found {};
  return fstat(folder, &found) == 0 && holds(Place{found.st_dev, found.st_ino}, state);
}

Result<void> check_own_state(const Target& target, const std::string& state) {
  if (target.kind == Target::Kind::folder && holds(place_of(target.path), state))
    return Error{ErrorCode::not_allowed, "The key of this computer lies in the folder " + target.path + ".",
                 "Share a folder that does not hold " + state + "."};
  if (target.kind == Target::Kind::folder && holds(place_of(state + "/commands"), target.path))
    return Error{ErrorCode::not_allowed, "Programs of this office run in the folder " + target.path + ".",
                 "Share a folder of your own."};
  auto control = place_of(state + "/" + admin::control_socket_name);
  if (target.kind == Target::Kind::unix_socket && control && place_of(target.path) == control)
    return Error{ErrorCode::not_allowed, "Whoever reaches this socket controls this computer's Drawbridge.",
                 "To control an office from a device, expose its page: drawbridge expose admin office-page"};
  return {};
}

}  // namespace drawbridge
