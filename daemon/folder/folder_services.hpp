// FolderServices: the folder servers of this office, each started when it is first asked for.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "daemon/folder/folder_server.hpp"

namespace drawbridge::folder {

class FolderServices {
 public:
  // `outside`: with it each folder's threads are confined to their folder by the kernel; it must outlive this. Null: no
  // sandbox. `state`: as FolderServer's.
  FolderServices(Outside* outside, std::string state) : outside_(outside), state_(std::move(state)) {}
  // As FolderServer's, in the time of one of them.
  ~FolderServices();
  FolderServices(const FolderServices&) = delete;
  FolderServices& operator=(const FolderServices&) = delete;

  // A connection to the server of this folder: see FolderServer::connect. Never waits for a disk.
  Result<FileDescriptor> connect(const std::string& folder, const std::string& service, bool read_only);

 private:
  Outside* outside_;
  std::string state_;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<FolderServer>> servers_;
};

}  // namespace drawbridge::folder
