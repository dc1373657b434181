#include "daemon/io/system_error.hpp"

#include <cstring>

namespace drawbridge {

std::string system_text(int number) {
  char buffer[128];
  return strerror_r(number, buffer, sizeof buffer);
}

Error system_error(const std::string& what, int number, std::string remedy) {
  return {ErrorCode::io, what + ": " + system_text(number) + ".", std::move(remedy)};
}

}  // namespace drawbridge
