// For development builds only: the file that protocol/quic/key_log.hpp's lines go to.
#pragma once

namespace drawbridge {

#ifdef DRAWBRIDGE_KEY_LOG
// Opens the file that the environment variable DRAWBRIDGE_KEY_LOG_FILE names, if it is set, to append to it; it must be
// this user's alone (mode 0600, no link) and is made if there is none. Says on standard error that keys are written, or
// why not. Before the sandbox closes; the file stays open as long as the process lives.
void open_key_log();
#else
constexpr void open_key_log() {}
#endif

}  // namespace drawbridge
