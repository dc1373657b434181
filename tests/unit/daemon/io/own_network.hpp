// A network namespace of the test's own, so that interfaces can be added and taken away. Needs root: where the test is
// not, `entered` is false.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "daemon/io/file_descriptor.hpp"

namespace drawbridge {

struct OwnNetwork {
  FileDescriptor before{open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
  bool entered = geteuid() == 0 && unshare(CLONE_NEWNET) == 0;
  OwnNetwork() = default;
  ~OwnNetwork() {
    if (entered) (void)setns(before.get(), CLONE_NEWNET);
  }
  OwnNetwork(const OwnNetwork&) = delete;
  OwnNetwork& operator=(const OwnNetwork&) = delete;
};

inline bool ip(const std::string& arguments) {
  return std::system(("ip " + arguments + " 2>/dev/null").c_str()) == 0;
}

// Up and with a carrier: its other end is up, too.
inline bool add_link(const std::string& name) {
  return ip("link add " + name + " type veth peer name far-" + name) && ip("link set " + name + " up") &&
         ip("link set far-" + name + " up");
}

}  // namespace drawbridge
