// Names of offices as DNS labels, for NAME.OFFICE.localhost.
#pragma once

#include <string>

#include "daemon/storage/settings.hpp"
#include "keys/device_id.hpp"

namespace drawbridge::gateway {

// Lower case, accents dropped, everything but letters and digits made '-', at most 40 characters: "Étude Dupont & fils"
// gives "etude-dupont-fils". "office" if nothing is left.
std::string dns_label(const std::string& name);

class OfficeLabels {
 public:
  explicit OfficeLabels(Settings& settings) : settings_(settings) {}

  // The office's label, unique among all offices and kept from then on, whatever the office is called later: addresses
  // that people have noted stay right.
  std::string label(const DeviceId& office, const std::string& name);

 private:
  bool taken(const std::string& label) const;
  Settings& settings_;
};

}  // namespace drawbridge::gateway
