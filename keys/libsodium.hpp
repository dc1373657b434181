// libsodium chooses its fast routines at run time, in sodium_init; without it everything works but slowly.
#pragma once

namespace drawbridge {

// Idempotent and cheap after the first call. Programs call it first of all; false: the machine has no entropy source,
// and the program must stop. Packet keys and identities call it themselves.
bool start_libsodium();

}  // namespace drawbridge
