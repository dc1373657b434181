// Which of the node's events are worth a line in the log, and what it says.
#pragma once

#include <functional>
#include <string>

#include "daemon/observe/log.hpp"
#include "protocol/event.hpp"

namespace drawbridge {

// `name_of` gives the name that the owner knows a peer by.
void log_event(Log& log, const Event& event, const std::function<std::string(const RelationKey&)>& name_of);

}  // namespace drawbridge
