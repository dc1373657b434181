#include "daemon/gateway/routes.hpp"

#include <algorithm>

#include "daemon/web/request_site.hpp"

namespace drawbridge::gateway {
namespace {

// Takes `ending` off the end; false: it is not there.
bool take_ending(std::string_view& text, std::string_view ending) {
  if (text.size() < ending.size() || !web::equal_ignoring_case(text.substr(text.size() - ending.size()), ending))
    return false;
  text.remove_suffix(ending.size());
  return true;
}

}  // namespace

bool is_for_browsers(const OfferedService& service) {
  return service.kind == "folder" || service.kind == "http" || service.kind == "page";
}

std::optional<Route> Routes::find(std::string_view host, uint16_t port) const {
  if (!take_ending(host, ".localhost:" + std::to_string(port))) return std::nullopt;
  for (const RoutedOffice& office : offices_) {
    if (web::equal_ignoring_case(host, office.label)) return Route{&office, nullptr};
    for (const OfferedService& service : office.services) {
      if (web::equal_ignoring_case(host, service.name + "." + office.label)) return Route{&office, &service};
    }
  }
  return std::nullopt;
}

std::string Routes::url(const DeviceId& office, const std::string& service, uint16_t port) const {
  for (const RoutedOffice& routed : offices_) {
    if (routed.id != office) continue;
    auto found = std::find_if(routed.services.begin(), routed.services.end(),
                              [&](const OfferedService& one) { return one.name == service; });
    if (found == routed.services.end() || !is_for_browsers(*found)) return {};
    return "http://" + service + "." + routed.label + ".localhost:" + std::to_string(port) + "/";
  }
  return {};
}

}  // namespace drawbridge::gateway
