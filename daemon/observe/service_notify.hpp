// Tells systemd how this service is doing (sd_notify(3)), without its library.
#pragma once

#include <string>

namespace drawbridge {

// Sends `state` ("READY=1", "STOPPING=1", ...) to $NOTIFY_SOCKET; does nothing when there is none.
void notify_service(const std::string& state);

}  // namespace drawbridge
