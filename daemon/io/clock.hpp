// The machine's clocks, read in one place and handed to the core as values.
#pragma once

#include "protocol/base/time.hpp"

namespace drawbridge {

// CLOCK_BOOTTIME and CLOCK_REALTIME at this moment.
Now read_clocks();

}  // namespace drawbridge
