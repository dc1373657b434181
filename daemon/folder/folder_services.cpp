#include "daemon/folder/folder_services.hpp"

namespace drawbridge::folder {

FolderServices::~FolderServices() {
  for (auto& [key, server] : servers_) {
    if (server) server->begin_stop();
  }
}

Result<FileDescriptor> FolderServices::connect(const std::string& folder, const std::string& service, bool read_only) {
  auto& server = servers_[{folder + (read_only ? "\n" : ""), service}];
  if (!server) {
    auto started = FolderServer::start(folder, service, read_only, outside_, state_);
    if (!started) return started.error();
    server = started.take();
  }
  return server->connect();
}

}  // namespace drawbridge::folder
