// Every bound and duration of the core, with its unit and its reason. Nothing that a peer, paired or not, can make us
// allocate or compute is bounded elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>

#include "protocol/base/time.hpp"

namespace drawbridge::limits {

// --- strangers ------------------------------------------------------------------------------------------------------
// Packets that belong to no live connection, examined per second: at 5 us each (knock tags of 80 pairs) a flood costs
// a tenth of a core, and live connections are looked up before this bound.
inline constexpr double strange_packets_per_second = 20'000;
inline constexpr double strange_packets_burst = 2'000;
// Handshakes that may begin per pair: a Noise message costs 200 us; a device that reconnects needs two or three.
inline constexpr double handshakes_per_second = 5;
inline constexpr double handshakes_burst = 20;
// Handshakes that have begun and not finished, over all pairs. Each holds about 70 KiB.
inline constexpr size_t half_open_handshakes = 128;

// --- relations ------------------------------------------------------------------------------------------------------
inline constexpr size_t devices = 64;            // live pairs whose knock tags are compared
inline constexpr size_t offices = 16;            // offices that this node is a device of
inline constexpr size_t open_invitations = 16;
inline constexpr size_t revoked_tags = 64;       // revoked pairs whose knocks are still recognised, for the audit
inline constexpr size_t invitation_tries = 64;   // handshakes answered with one invitation; then it is dead
inline constexpr size_t relation_bytes = 64 * 1024;
inline constexpr Duration invitation_longest = std::chrono::hours(24 * 7);

// --- one connection -------------------------------------------------------------------------------------------------
// RFC 9000 14: every path must carry 1200. 1452 = 1500 - 40 (IPv6) - 8 (UDP): the largest that Ethernet carries.
inline constexpr size_t smallest_packet = 1200;
inline constexpr size_t largest_packet = 1452;
// ngtcp2 0.12.1 ends a connection whose stream has 1000 gaps; below 2 MiB full packets cannot make that many.
inline constexpr uint64_t stream_window = 2 * 1024 * 1024;
inline constexpr size_t lanes = 4;               // streams that carry one flow: 1 with both directions, 3 more each way
// The connection's window: lanes of two bulk flows at once.
inline constexpr uint64_t connection_window = 16 * 1024 * 1024;
static_assert(connection_window >= lanes * stream_window);
// Received bytes that local programs have not taken yet; beyond it the connection's window no longer moves.
inline constexpr uint64_t unread_bytes = 64 * 1024 * 1024;
inline constexpr size_t flows_per_peer = 1'024;  // a browser opens tens, a busy database client a few hundred
inline constexpr size_t unsent_per_flow = 256 * 1024;  // held by us before the local program is made to wait
inline constexpr uint64_t close_reason_bytes = 64;

inline constexpr Duration handshake_timeout = 10s;
// Without an authentic packet for so long while something is outstanding, the connection's clock stands still.
inline constexpr Duration freeze_after = 3s;
inline constexpr Duration suspended_longest = std::chrono::hours(24);
inline constexpr uint64_t suspended_bytes = 8 * 1024 * 1024;  // more than this is held for suspended_patience only
inline constexpr Duration suspended_patience = 1min;
// The older of two connections of one device waits so long before it may come back.
inline constexpr Duration replaced_wait = 60s;
inline constexpr Duration revoked_notice = 100ms;  // for the word `revoked` to arrive before the cut

// --- key update -----------------------------------------------------------------------------------------------------
inline constexpr Duration rekey_interval = 2min;
inline constexpr uint64_t rekey_packets = uint64_t{1} << 22;
// RFC 9001 6.6: AES-GCM keeps its confidentiality bound up to 2^23 packets a key.
inline constexpr uint64_t aes_gcm_packets = uint64_t{1} << 23;
static_assert(rekey_packets < aes_gcm_packets);
inline constexpr Duration rekey_retry = 10ms;

// --- paths ----------------------------------------------------------------------------------------------------------
inline constexpr size_t candidates = 16;         // remote addresses tried for one peer
inline constexpr size_t link_addresses = 8;      // in an invitation: a code must stay readable by a camera
inline constexpr Duration check_retry_first = 250ms;
inline constexpr Duration check_retry_longest = 45s;
inline constexpr Duration attempt_life = 2s;      // of one handshake attempt; ngtcp2 repeats its Initial within it
inline constexpr Duration keepalive = 25s;       // below the 30 s after which common routers forget a UDP flow
inline constexpr Duration office_patience = 35s; // an office asks for itself when a device's keepalives stay out
inline constexpr Duration answer_proves_for = 30s;  // an address that answered a check is the peer's for so long
inline constexpr Duration path_suspect_after = 500ms;  // data outstanding and nothing came back: check every path
inline constexpr double checks_per_second = 50;  // answered per pair
inline constexpr double checks_burst = 100;
inline constexpr size_t queued_datagrams = 512;  // single datagrams (checks, copies of a first packet) not sent yet
inline constexpr Duration flow_patience = 15s;   // a local program waits so long for a bridge that is down
inline constexpr Duration join_patience = 30s;
inline constexpr size_t amplification = 3;       // bytes to an unvalidated address per byte from it (RFC 9000 8.1)

// --- messages -------------------------------------------------------------------------------------------------------
inline constexpr size_t name_bytes = 64;
inline constexpr size_t service_name_bytes = 32;
inline constexpr size_t services = 128;
inline constexpr size_t grants_per_device = 128;
inline constexpr size_t control_message_bytes = 32 * 1024;
inline constexpr size_t flow_message_bytes = 512;
inline constexpr size_t text_bytes = 256;        // reasons and explanations from a peer
inline constexpr size_t message1_bytes = 1'000;  // one CRYPTO frame of one 1200-byte datagram
inline constexpr size_t audit_record_bytes = 2'048;

// Records of flows reach the disk together, at most so late: a sync for each would bound new connections to the disk's
// syncs, and a power cut loses the records of this last moment only.
inline constexpr Duration lazy_write = 50ms;
inline constexpr Duration refused_write_retry = 5s;  // of a disk that is full or broken
inline constexpr size_t unsaved_rows = 4'096;      // kept for such a disk; beyond, nothing new may begin that is audited

// --- durable counters -----------------------------------------------------------------------------------------------
// Message 1's counter is the wall clock in microseconds, or the last + 1; so far ahead it is reserved on disk.
inline constexpr uint64_t counter_block = 600'000'000;

}  // namespace drawbridge::limits
