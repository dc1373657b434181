// Turns errno into an Error with the operating system's own words.
#pragma once

#include <string>

#include "keys/result.hpp"

namespace drawbridge {

// "WHAT: No such file or directory". `number` is an errno.
Error system_error(const std::string& what, int number, std::string remedy = {});
// The operating system's short text for an errno.
std::string system_text(int number);

}  // namespace drawbridge
