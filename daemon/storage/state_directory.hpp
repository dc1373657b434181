// The folder that holds everything one node keeps: key, database, control socket. One daemon at a time may own it.
#pragma once

#include <array>
#include <string>

#include "daemon/io/file_descriptor.hpp"
#include "keys/result.hpp"
#include "protocol/admin/state_directory.hpp"

namespace drawbridge {

// The folder that `chosen` (--state; empty: not given), this process's environment and machine lead to, in the order
// of protocol/admin/state_directory.hpp.
Result<std::string> find_state_directory(const std::string& chosen);

class StateDirectory {
 public:
  // Takes the folder for this process until the object dies; the kernel gives it up if the process dies.
  // `not_found`: no such folder. `not_allowed`: not ours, or open to others. `state`: another daemon has it.
  static Result<StateDirectory> take(const std::string& path);

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  std::string database_file() const { return file("state.db"); }
  std::string reserve_file() const { return file("reserve"); }  // daemon/storage/disk_reserve.hpp
  std::string key_file() const { return file(admin::key_file_name); }
  std::string control_socket() const { return file(admin::control_socket_name); }
  std::string name_file() const { return file(admin::name_file_name); }
  // Of this folder on this computer: a copy of it elsewhere has another.
  std::array<uint8_t, 32> fingerprint() const;
  std::string config_file() const { return file("config.toml"); }

 private:
  StateDirectory(std::string path, FileDescriptor lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  FileDescriptor lock_;
};

}  // namespace drawbridge
