// Routes: which Host leads to which service. Exact names of known services only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "keys/device_id.hpp"
#include "protocol/node.hpp"

namespace drawbridge::gateway {

struct RoutedOffice {
  DeviceId id;
  std::string label, name;
  std::vector<OfferedService> services;
};

// What a Host names: a service of an office, or (service empty) the office itself.
struct Route {
  const RoutedOffice* office = nullptr;
  const OfferedService* service = nullptr;
};

class Routes {
 public:
  void set(std::vector<RoutedOffice> offices) { offices_ = std::move(offices); }
  const std::vector<RoutedOffice>& offices() const { return offices_; }

  // "files.acme.localhost:8300" and "acme.localhost:8300", in any case; nothing else, no other port, no final dot.
  std::optional<Route> find(std::string_view host, uint16_t port) const;
  // "http://files.acme.localhost:8300/", for services that are for browsers (folder, http); empty otherwise.
  std::string url(const DeviceId& office, const std::string& service, uint16_t port) const;

 private:
  std::vector<RoutedOffice> offices_;
};

bool is_for_browsers(const OfferedService& service);

}  // namespace drawbridge::gateway
