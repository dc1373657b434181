#include "keys/result.hpp"

namespace drawbridge {

const char* code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument: return "invalid_argument";
    case ErrorCode::malformed: return "malformed";
    case ErrorCode::authentication: return "authentication";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::already_exists: return "already_exists";
    case ErrorCode::not_allowed: return "not_allowed";
    case ErrorCode::expired: return "expired";
    case ErrorCode::limit: return "limit";
    case ErrorCode::unreachable: return "unreachable";
    case ErrorCode::closed: return "closed";
    case ErrorCode::try_later: return "try_later";
    case ErrorCode::io: return "io";
    case ErrorCode::state: return "state";
    case ErrorCode::internal: return "internal";
  }
  return "internal";
}

}  // namespace drawbridge
