// HttpServices: the connections of devices to the `http://` services of this office.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "daemon/http/service_connection.hpp"
#include "keys/result.hpp"

namespace drawbridge::http {

class HttpServices {
 public:
  explicit HttpServices(Loop& loop) : loop_(loop) {}

  // Puts itself between a device and `program`, a connection to it: gives the descriptor that carries the device's bytes.
  Result<FileDescriptor> connect(FileDescriptor program, ServiceConnection::Ends ends);

  size_t size() const { return connections_.size(); }
  // Destroys what is finished; call at the turn's end.
  void sweep();

 private:
  Loop& loop_;
  uint64_t next_ = 1;
  std::map<uint64_t, std::unique_ptr<ServiceConnection>> connections_;
  std::vector<uint64_t> finished_;
};

}  // namespace drawbridge::http
