// Reads the [relay] table. For daemon/config.cpp, which has read the file.
#pragma once

#define TOML_EXCEPTIONS 0
// toml++ 3.3 asserts what it has not checked ("[=" ends the process) and then checks it: the check makes an error.
#define TOML_ASSERT(expr) static_assert(true)
#include <toml++/toml.h>

#include "daemon/relay/relay_settings.hpp"
#include "keys/result.hpp"

namespace drawbridge {

// `file` is named in errors, with line and column.
Result<RelaySettings> read_relay_table(const toml::node& node, const std::string& file);

}  // namespace drawbridge
